"""Measures the page: script a frame and long tasks. `python -m tests.browser.measure`.

First a run of 10,000 requests as a person fires it, then samples injected in the page, a frame
of them an animation frame, as the websocket would hand them on.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from .bench import choose_lanes, fill, run_it, wait_for_status
from .chromium import launched
from .conftest import serving

HELD = 1_000_000
PER_SECOND = 300_000
LANES_OF_THE_RUN = ("async@daphne", "sync@daphne")
LANES = len(LANES_OF_THE_RUN)

# Script a frame: our animation frame callbacks, and what the websocket's message would cost.
RECORDER = """() => {
  const seen = window.measured = {frames: [], long: []};
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) seen.long.push(one.duration);
  }).observe({type: 'longtask'});
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = callback => ask(time => {
    const begin = performance.now();
    callback(time);
    seen.frames.push(performance.now() - begin);
  });
}"""

INJECTOR = """async ({held, perSecond, lanes}) => {
  const {feed} = window.liveburst;
  const STAMPS = ['due', 'sent_first', 'sent', 'entered', 'view_entered', 'view_left',
    'first_byte', 'done'];
  const next = new Array(lanes).fill(0);
  let sequence = 1_000_000;
  const text = new TextEncoder();
  const message = (lane, rows) => {
    const columns = [['request', 'u4'], ...STAMPS.map(one => [one, 'i8']), ['status', 'u2'],
      ['error', 'u1']];
    let head = JSON.stringify({kind: 'samples', lane, round: 99, rows, columns});
    head = head.padEnd(Math.ceil(text.encode(head).length / 8) * 8);
    const wide = Math.ceil(rows * 4 / 8) * 8;
    const sizes = [wide, ...STAMPS.map(() => rows * 8), Math.ceil(rows * 2 / 8) * 8,
      Math.ceil(rows / 8) * 8];
    const length = 8 + head.length + sizes.reduce((a, b) => a + b);
    const buffer = new ArrayBuffer(8 + length);
    const view = new DataView(buffer);
    view.setUint32(0, length, true);
    view.setUint32(4, 0xffffffff, true);
    view.setUint32(8, 0x3146424c, true);
    view.setUint32(12, head.length, true);
    new Uint8Array(buffer).set(text.encode(head), 16);
    let at = 16 + head.length;
    const first = next[lane];
    new Uint32Array(buffer, at, rows).forEach((_, i, all) => { all[i] = first + i; });
    at += sizes[0];
    for (const [n] of STAMPS.entries()) {
      const values = new BigInt64Array(buffer, at, rows);
      for (let i = 0; i < rows; i++) {
        const due = (first + i) * 1e9 * lanes / perSecond;
        values[i] = BigInt(Math.round(due + n * (1 + ((first + i) * 7919 % 1000) / 50) * 1e6));
      }
      at += rows * 8;
    }
    new Uint16Array(buffer, at, rows).fill(200);
    next[lane] += rows;
    return buffer;
  };
  const inject = rows => {
    const messages = Array.from({length: lanes}, (_, lane) => message(lane, rows));
    const begin = performance.now();
    for (const one of messages) feed.live(one);
    return performance.now() - begin;
  };
  const frame = () => new Promise(resolve => setTimeout(resolve, 16));
  while (next[0] * lanes < held) { inject(5000); await frame(); }
  feed.over = false;
  window.measured.frames.length = window.measured.long.length = 0;
  const taken = [];
  const begin = performance.now();
  let sent = 0;
  while (performance.now() - begin < 5000) {
    const due = (performance.now() - begin) * perSecond / 1000;
    const rows = Math.max(1, Math.floor((due - sent) / lanes));
    taken.push(inject(rows));
    sent += rows * lanes;
    dispatchEvent(new Event('resize'));
    // Wakes the drawing, as a message does.
    document.querySelector('#stage').dispatchEvent(new Event('scroll'));
    await frame();
  }
  return {sent, taken, lasted_ms: performance.now() - begin};
}"""


def quantile(values: list[float], share: float) -> float:
    """Return a quantile by nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, round(share * len(ordered)) - 1)] if ordered else 0.0


def summed(values: list[float]) -> dict[str, float]:
    """Return median, p95 and maximum in milliseconds."""
    return {
        "n": len(values),
        "p50_ms": round(quantile(values, 0.5), 2),
        "p95_ms": round(quantile(values, 0.95), 2),
        "max_ms": round(max(values, default=0.0), 1),
    }


def ten_thousand(page: Page) -> dict[str, Any]:
    """Fire 10,000 requests per lane, one round."""
    choose_lanes(page, *LANES_OF_THE_RUN)
    fill(page, requests=10_000, concurrency=100, rounds=1, parameter_delay=0.01)
    page.evaluate(RECORDER)
    run_it(page)
    wait_for_status(page, "finished", timeout_s=120)
    measured = page.evaluate("window.measured")
    return {"frames": summed(measured["frames"]), "long_tasks": summed(measured["long"])}


def injected(page: Page) -> dict[str, Any]:
    """Hold a million samples and receive 300,000 more per second."""
    arguments = {"held": HELD, "perSecond": PER_SECOND, "lanes": LANES}
    result = page.evaluate(INJECTOR, arguments)
    measured = page.evaluate("window.measured")
    frames = [draw for draw in measured["frames"] if draw > 0]
    return {
        "per_second": round(1000 * result["sent"] / result["lasted_ms"]),
        "taking_a_message": summed(result["taken"]),
        "drawing_a_frame": summed(frames),
        "long_tasks": summed(measured["long"]),
    }


def main() -> None:
    """Print the figures as JSON."""
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as address,
        launched() as browser,
    ):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(address)
        page.wait_for_selector("#connection[data-state=live]")
        figures = {"run_of_10000": ten_thousand(page), "injected": injected(page)}
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
