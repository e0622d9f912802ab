"""Handle the bench like a user, and read its charts through `window.liveburst`."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

# The sentence of a finished run, or of one that a busy machine disturbed.
SENTENCE = re.compile("First look|No verdict")
LANES = ["sync@gunicorn-gthread", "sync@daphne", "async@daphne"]

# Notes what happened between two looks of ours: which lanes were full while the run still ran,
# whether the verdict so far was shown, and when the first bar was on the canvas.
RECORDER = """() => {
  const seen = window.seen = {full: new Set(), pressed_ms: null, bar_ms: null, soFar: false};
  document.addEventListener('click', () => { seen.pressed_ms = performance.now(); }, true);
  const look = () => {
    const {run, status, waterfalls} = window.liveburst;
    if (run?.id) for (const one of waterfalls) {
      if (one.begun && seen.bar_ms === null) seen.bar_ms = performance.now();
      if (one.finished === run.requests && status === 'running') seen.full.add(one.name);
    }
    const headline = document.querySelector('#headline')?.textContent ?? '';
    seen.soFar ||= status === 'running' && headline.startsWith('So far');
    requestAnimationFrame(look);
  };
  look();
}"""


def fix_rounds(page: Page, rounds: int = 3) -> None:
    """Give an empty number of rounds a value, so that a run takes no longer than it must."""
    page.locator("#rounds").evaluate("(field, rounds) => { field.value ||= rounds; }", rounds)


def unfold(page: Page) -> None:
    """Show the form, which is folded to one line once something was fired."""
    folded = page.locator("details#fire:not([open]) > summary")
    if folded.count():
        folded.click()


def fire(page: Page, requests: int) -> str:
    """Press a quick button; return the id of the run that it started."""
    unfold(page)
    fix_rounds(page)
    before = page.evaluate("window.liveburst.run?.id")
    page.locator(f"#quick button[value='{requests}']").click()
    return _new_run(page, before)


def _new_run(page: Page, before: str | None) -> str:
    try:
        page.wait_for_function(
            "before => window.liveburst.run?.id && window.liveburst.run.id !== before", arg=before
        )
    except PlaywrightTimeoutError as error:
        problems = page.locator("#fire .error, .no-answer").all_inner_texts()
        raise AssertionError(f"expected a run, found: {problems}") from error
    run: str = page.evaluate("window.liveburst.run.id")
    return run


def fill(page: Page, **fields: object) -> None:
    """Open *More* and fill the form."""
    unfold(page)
    details = page.locator("#fire details.more")
    if details.get_attribute("open") is None:
        details.locator(":scope > summary").click()
    for name, value in fields.items():
        page.locator(f"#fire [name={name}]").fill(str(value))


def choose_lanes(page: Page, *lanes: str) -> None:
    """Select exactly these lanes."""
    fill(page)
    others = page.locator("#fire details.others")
    if others.get_attribute("open") is None:
        others.locator("summary").click()
    for box in page.locator("#fire [name=lanes]").all():
        box.set_checked(box.get_attribute("value") in lanes)


def run_it(page: Page) -> str:
    """Press *Run*; return the id of the run that it started."""
    fix_rounds(page)
    before = page.evaluate("window.liveburst.run?.id")
    page.locator("#run-button").click()
    return _new_run(page, before)


def waterfalls(page: Page) -> list[dict[str, Any]]:
    """Return what each lane's chart shows."""
    waterfalls_: list[dict[str, Any]] = page.evaluate("window.liveburst.waterfalls")
    return waterfalls_


def wait_for_status(page: Page, *statuses: str, timeout_s: float = 40) -> None:
    """Wait until the run on the stage is in one of these states."""
    page.wait_for_function(
        "wanted => wanted.includes(window.liveburst.status)",
        arg=list(statuses),
        timeout=timeout_s * 1000,
    )


def wait_for_bars(page: Page, requests: int, timeout_s: float = 40) -> None:
    """Wait until each lane's chart shows that many finished requests of its round."""
    page.wait_for_function(
        "n => window.liveburst.waterfalls.every(one => one.finished === n && !one.faint)",
        arg=requests,
        timeout=timeout_s * 1000,
    )


def wait_until_still(page: Page, requests: int = 100) -> None:
    """Wait until the finished run, of so many at once, is drawn completely and nothing moves.

    Lines are drawn after the bars, and those of a part of the requests end at 0, too.
    """
    wait_for_bars(page, requests)
    expect(page.locator("#headline")).to_contain_text(SENTENCE)
    page.wait_for_function(
        """requests => window.liveburst.lines.inFlight.every(
          lane => Math.max(...lane) === requests && lane.findLast(n => n !== null) === 0)""",
        arg=requests,
    )


def next_frame(page: Page) -> None:
    """Wait until the charts are drawn as they are after what was done: once in each frame."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def picture(page: Page) -> list[str]:
    """Return the pixels of each lane's bars."""
    texts: list[str] = page.evaluate(
        "[...document.querySelectorAll('#waterfalls [data-bars]')].map(one => one.toDataURL())"
    )
    return texts


def reach(page: Page, lane: int) -> int:
    """Return how far right the lane's bars reach, in thousandths of the axis."""
    count: int = page.evaluate(
        """lane => {
          const canvas = document.querySelectorAll('#waterfalls [data-bars]')[lane];
          const {width, height} = canvas;
          const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
          let right = 0;
          for (let at = 3; at < pixels.length; at += 4) {
            if (pixels[at]) right = Math.max(right, ((at - 3) / 4) % width + 1);
          }
          return Math.round(1000 * right / width);
        }""",
        lane,
    )
    return count


def finish_everything(page: Page) -> None:
    """Stop the active run and empty the queue, so that the next test has the bench to itself."""
    page.evaluate(
        """async () => {
          const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
          for (let looks = 0; looks < 200; looks++) {
            const line = await (await fetch('/queue/')).text();
            const forms = new DOMParser().parseFromString(line, 'text/html')
              .querySelectorAll('[data-run] form');
            const stops = [...forms].map(one => one.getAttribute('action')).reverse();
            if (!stops.length) return;
            for (const stop of stops) await fetch(stop, {
              method: 'POST', headers: {'x-csrftoken': token, 'hx-request': 'true'},
            });
          }
          throw new Error('the line does not empty');
        }"""
    )
    expect(page.locator("#queue [data-run]")).to_have_count(0)
