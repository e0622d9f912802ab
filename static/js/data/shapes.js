/**
 * The door of what the page is given. What is stored of a run may be damaged, and then a part has
 * any shape: it is missing here, with a sentence, and everything else is shown.
 */

const MOST = 1e6; // of a count

/** @type {Fits} */
const isText = (value) => typeof value === 'string';
/** @type {Fits} */
const isCount = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST;
/** @type {(fits: Fits) => Fits} */
const listOf = (fits) => (value) => Array.isArray(value) && value.every(fits);
/** @type {(fits: Fits) => Fits} */
const maybe = (fits) => (value) => (value ?? null) === null || fits(value);

// Of each shape: what takes the place of a value, and whether a value has it.
const TEXT = /** @type {Shape} */ (['', isText]);
const COUNT = /** @type {Shape} */ ([1, isCount]);
const NUMBER = /** @type {Shape} */ ([0, maybe(Number.isFinite)]);

/** @type {Shapes} */
export const LANE = { name: TEXT, family: TEXT, letter: TEXT, mark_s: NUMBER, mark: TEXT };

/** @type {Shapes} */
export const RUN = {
  id: ['', (value) => isText(value) && /^\w+$/.test(String(value))],
  status: TEXT,
  requests: COUNT,
  rounds: COUNT,
  looks: [[], maybe(listOf(isCount))],
  discarded_rounds: [[], listOf(isCount)],
  frames_url: TEXT,
  failures: [[], listOf(isText)],
  replay: NUMBER,
};

/** A run with as many lanes as there are figures, and what is to be said of it. @type {CheckedRun} */
export function checkedRun(data, lanes) {
  const damaged = /** @type {Set<string>} */ (new Set());
  /** @type {Checked} */
  const checked = (shapes, data, name) =>
    Object.fromEntries(
      Object.entries(shapes).map(([part, [without, fits]]) => {
        const value = Object(data)[part];
        if (fits(value)) return [part, value];
        damaged.add(name ?? part.replace(/_(s|url)?/, ' ').trim());
        return [part, without];
      }),
    );
  const run = checked(RUN, data);
  run.lanes = Array.from({ length: lanes }, (_, lane) =>
    checked(LANE, Object(Object(data).lanes)[lane], `lane ${lane + 1}`),
  );
  const problem = damaged.size && `Damaged, so missing here: ${[...damaged].join(', ')}.`;
  return { run: /** @type {any} */ (run), problem: problem || '' };
}

/** Whether an event or a frame is about a firing that the run can have. @type {IsOfRun} */
export const isOfRun = ({ lane, round }, { lanes }) =>
  [lane, round].every(maybe(isCount)) && !(Number(lane) >= lanes.length);
