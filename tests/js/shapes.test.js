/** The page's door: whatever is stored of a run, what enters has the shapes that the page needs. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Feed } from '../../static/js/data/feed.js';
import { checkedRun, isOfRun, LANE, RUN } from '../../static/js/data/shapes.js';
import { roundsOf } from '../../static/js/page/rounds.js';

const CONTRACT = new URL('../../static/js/contract.d.ts', import.meta.url);
const UNUSED = ['timeout_s']; // by the page
const lane = { name: 'sync@waitress', family: 'sync', letter: 'A', mark_s: 0.5, mark: 'theory' };
/** @type {Record<string, unknown>} */
const run = {
  id: 'abcdefgh',
  status: 'finished',
  lanes: [lane, { ...lane, mark_s: null }],
  requests: 10,
  rounds: 3,
  looks: [5, 10],
  discarded_rounds: [2],
  frames_url: '/runs/abcdefgh/frames',
  failures: ['', 'timeout'],
  replay: 0.5,
};
const WRONG = [
  ...[7, -1, 0.5, 1e300, Number.NaN, 'x', '', true, null, undefined, {}, [], ['x'], [null]],
  ...[[-1], [[1]], { length: 3 }, [{}], 2 ** 53],
];

/** The fields of an interface in contract.d.ts. @param {string} name */
function fieldsOf(name) {
  const [, body] = readFileSync(CONTRACT, 'utf8').split(`interface ${name} {`);
  return [...body.split('}')[0].matchAll(/(\w+)\??:/g)].map((match) => match[1]);
}

/** Do with a run what the page does before a frame has come. @param {unknown} data */
function show(data) {
  const { run, problem } = checkedRun(data, 2);
  assert.equal(run.lanes.length, 2);
  const feed = new Feed(run);
  feed.columns.begin(0, 1);
  const of = roundsOf(/** @type {any} */ ({ run, feed, active: true }), 1);
  assert.ok(Number.isFinite(of));
  for (const text of [run.id, run.status, run.frames_url]) assert.equal(typeof text, 'string');
  for (const { name, letter, family, mark, mark_s } of run.lanes) {
    for (const text of [name, letter, family, mark]) assert.equal(typeof text, 'string');
    assert.ok(Number.isFinite(1050 * (mark_s ?? 0)));
  }
  return { run, problem };
}

test('every field of the contract is checked', () => {
  assert.deepEqual([...Object.keys(RUN), 'lanes', ...UNUSED].sort(), fieldsOf('RunData').sort());
  assert.deepEqual(Object.keys(LANE).sort(), fieldsOf('LaneData').sort());
});

test('a sound run enters as it is', () => {
  assert.deepEqual(show(run), { run, problem: '' });
  const { replay: _, looks: __, ...without } = run;
  assert.equal(show(without).problem, '');
});

for (const field of [...Object.keys(RUN), 'lanes']) {
  test(`a run may have anything as its ${field}`, () => {
    for (const value of WRONG) {
      const { run: shown, problem } = show({ ...run, [field]: value });
      const same = JSON.stringify(Object(shown)[field]) === JSON.stringify(value);
      assert.ok(same || problem || (value ?? null) === null, `${field}: ${value}`);
      for (const other of Object.keys(RUN).filter((name) => name !== field))
        assert.deepEqual(Object(shown)[other], run[other]);
    }
  });
}

for (const field of Object.keys(LANE)) {
  test(`a lane may have anything as its ${field}`, () => {
    for (const value of WRONG) {
      const { run: shown, problem } = show({ ...run, lanes: [{ ...lane, [field]: value }, lane] });
      assert.deepEqual(shown.lanes[1], lane);
      assert.ok(Object.is(Object(shown.lanes[0])[field], value) || /lane 1\.$/.test(problem));
    }
  });
}

test('the sentence names each damaged part once', () => {
  const { problem } = show({ ...run, discarded_rounds: 7, frames_url: [], lanes: [lane] });
  assert.equal(problem, 'Damaged, so missing here: discarded rounds, frames, lane 2.');
  for (const data of [...WRONG, [run]]) assert.match(show(data).problem, /id, status, .*lane 2\.$/);
});

test('an event or a frame is about a firing that the run can have', () => {
  const of = /** @type {RunData} */ (/** @type {unknown} */ (run));
  for (const numbers of [{}, { lane: 1 }, { lane: 0, round: 0 }, { round: 7 }])
    assert.ok(isOfRun(numbers, of));
  for (const odd of [2, -1, 0.5, 'x', '0', [], {}, true, 1e300]) {
    assert.ok(!isOfRun({ lane: odd }, of), `lane ${odd}`);
    if (odd !== 2) assert.ok(!isOfRun({ round: odd }, of), `round ${odd}`);
  }
});
