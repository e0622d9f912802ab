"""What is inside the first screen, and how much moves between a press and the end of its run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

SCREENS = ((1440, 900), (1100, 800), (1920, 1080))
MOST_SHIFT = 0.02
BURST_GAP_MS, LONGEST_BURST_MS = 1000, 5000
LEAST_BARS_PX = 90  # of the canvas of bars, so that a staircase is one

# Sums what moves, also in the half second after an input, which the browser's own sum leaves out.
OBSERVE = """() => {
  window.moved?.disconnect();
  const shifts = window.shifts = [];
  window.moved = new PerformanceObserver(list => {
    for (const {value, startTime, sources} of list.getEntries()) shifts.push({
      value,
      at_ms: startTime,
      what: sources.map(({node}) => node?.id || node?.className || node?.nodeName).join(', '),
    });
  });
  window.moved.observe({type: 'layout-shift'});
}"""
BOXES = """() => {
  scrollTo(0, 0);
  const box = element => {
    const {top, bottom} = element.getBoundingClientRect();
    return [top, bottom];
  };
  return {
    height: innerHeight,
    lanes: [...document.querySelectorAll('#waterfalls .waterfall')].map(figure => ({
      name: figure.dataset.name,
      top: box(figure.querySelector('.plot'))[0],
      bottom: box(figure.querySelector('.plot'))[1],
      bars: figure.querySelector('canvas.bars').clientHeight,
    })),
    sentence: box(document.querySelector('#sentence')),
    row: box(document.querySelector('#result .kpi tbody tr')),
  };
}"""


@dataclass(frozen=True)
class Shift:
    """Something that moved, and by how much of the screen."""

    value: float
    at_ms: float
    what: str


@dataclass(frozen=True)
class LaneBox:
    """Where a lane's chart begins and ends in CSS pixels, and how high its bars can be."""

    name: str
    top: float
    bottom: float
    bars: float


@dataclass(frozen=True)
class FirstScreen:
    """What is where without scrolling."""

    height: float
    lanes: list[LaneBox]
    sentence_bottom: float
    row_bottom: float  # of the table's first row

    @property
    def outside(self) -> list[str]:
        """What is not completely inside, or too low to show a staircase."""
        outside = [
            lane.name
            for lane in self.lanes
            if lane.top < self.sentence_bottom
            or lane.bottom > self.height
            or lane.bars < LEAST_BARS_PX
        ]
        return outside if self.row_bottom <= self.height else [*outside, "first row of the table"]


def observe_shifts(page: Page) -> None:
    """Record what moves from now on."""
    page.evaluate(OBSERVE)


def shifts(page: Page) -> list[Shift]:
    """Return what moved since `observe_shifts`."""
    return [Shift(**shift) for shift in page.evaluate("window.shifts")]


def layout_shift(moved: Sequence[Shift]) -> float:
    """Return the largest sum of one burst of shifts: what browsers call the layout shift of a page.

    A burst ends with a second in which nothing moves, or after five
    (https://web.dev/articles/cls), so that a longer run has no greater one.
    """
    largest = total = 0.0
    begin_ms = last_ms = -math.inf
    for shift in moved:
        if shift.at_ms - last_ms > BURST_GAP_MS or shift.at_ms - begin_ms > LONGEST_BURST_MS:
            total, begin_ms = 0.0, shift.at_ms
        total += shift.value
        last_ms = shift.at_ms
        largest = max(largest, total)
    return largest


def first_screen(page: Page) -> FirstScreen:
    """Return what is where on a run's page."""
    boxes: dict[str, Any] = page.evaluate(BOXES)
    return FirstScreen(
        height=boxes["height"],
        lanes=[
            LaneBox(lane["name"], lane["top"], lane["bottom"], lane["bars"])
            for lane in boxes["lanes"]
        ],
        sentence_bottom=boxes["sentence"][1],
        row_bottom=boxes["row"][1],
    )
