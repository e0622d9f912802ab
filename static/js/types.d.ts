/** The types that modules share. Declarations alone: nothing of this is served to a browser. */

declare global {
  type Firing = import('./columns.js').Firing;
  type RunColumns = import('./columns.js').RunColumns;
  type Feed = import('./feed.js').Feed;
  type Wide = import('./frame.js').Wide;
  type Stage = import('./stage.js').Stage;
  type Lane = import('./lane.js').Lane;
  type OverTime = import('./overtime.js').OverTime;

  /** The elements that a selector names by their tag; what may be missing is asked with `?.`. */
  type Found<S> = S extends keyof HTMLElementTagNameMap
    ? HTMLElementTagNameMap[S]
    : S extends `canvas${string}`
      ? HTMLCanvasElement
      : S extends `button${string}`
        ? HTMLButtonElement
        : S extends `form${string}`
          ? HTMLFormElement
          : S extends `progress${string}`
            ? HTMLProgressElement
            : S extends `input${string}`
              ? HTMLInputElement
              : S extends `dialog${string}`
                ? HTMLDialogElement
                : HTMLElement;
  type Find = <S extends string>(selector: S, root?: ParentNode) => Found<S>;
  type FindAll = <S extends string>(selector: S, root?: ParentNode) => Found<S>[];

  type Narrow = Uint8Array | Uint16Array | Uint32Array | Int32Array;
  type Columns = Record<string, Narrow | Wide>;
  interface Header {
    kind: string;
    /** Position in the plan, from 0. */
    lane: number;
    /** From 1; 0 is the warm-up. */
    round: number;
    rows: number;
    columns: [name: string, type: string][];
  }
  type Frame = Omit<Header, 'columns'> & { columns: Columns };
  interface Envelope {
    sequence: number;
    payload: DataView;
  }
  type ColumnTypes = Record<
    string,
    [size: number, over: (bytes: ArrayBufferLike, at: number, rows: number) => Narrow | Wide]
  >;

  type Stamp = typeof import('./columns.js').STAMPS[number];
  type Measure = 'in_app' | 'in_view' | 'threads' | 'rss' | 'loop_lag' | 'cpu';
  /** Lengths and instants are nanoseconds, -1: not known. */
  type Health = Record<Measure | 'at' | 'process', number>;
  type Segment = keyof typeof import('./segments.js').SEGMENTS;
  type Paints = Record<Segment | 'error', string>;

  interface LaneData {
    name: string;
    family: string;
    letter: string;
    /** Where a dashed line stands: theory's, or the end of a rate. */
    mark_s: number | null;
    mark: string;
  }
  interface RunData {
    id: string;
    status: string;
    lanes: LaneData[];
    load: string;
    requests: number;
    /** Of a rate. */
    duration_s: number | null;
    rounds: number;
    discarded_rounds: number[];
    timeout_s?: number;
    frames_url: string;
  }

  /** A stretch of time, from and to, in milliseconds since each firing's origin. */
  type Span = [from_ms: number, to_ms: number];
  type Chosen = Span | null;
  /** What the charts show; `span` is the time axis of all of them. */
  interface Shown {
    round: number;
    span: Span;
    browser_ms: number;
    selection: Chosen;
  }
  interface View {
    span: Span;
    selection: Chosen;
    requests: number;
    /** A round that is not the one in front. */
    faint: boolean;
    /** Where growing bars end. */
    now_ms: number;
    zoomed: boolean;
    scrolled: number;
  }

  interface Box {
    left: number;
    top: number;
    width: number;
    height: number;
  }
  /** Where on an axis, as a share of it, and what stands there. */
  type Marks = [share: number, name: string][];
  type Point = [x: number, y: number];
  interface End {
    letter: string;
    paint: string;
    x: number;
    y: number;
  }
  type Values = (number | null)[];
  interface LineSpec {
    word: string;
    say: (value: number) => string;
    health?: Measure;
    name?: (tick: number, end: number) => string;
  }
  interface TableContent {
    caption: string;
    heads: string[];
    rows: number;
    /** The first heads its row. */
    cells: (row: number) => string[];
  }
  /** Shares of the box: from left to right, from the bottom up. */
  interface Picture {
    across: Marks;
    up: Marks;
    /** A line a lane; an empty one is not drawn. */
    lines: Point[][];
    /** Where letters stand; without it, at the lines' ends. */
    letters?: (Point | undefined)[];
    /** From and to, about a lane's points. */
    bars?: [lane: number, x: number, from: number, to: number][];
  }
  /** What a figure of the panel draws. */
  interface Drawing {
    /** For tests. */
    readonly model: unknown;
    readonly summary: string;
    update: (shown: Shown) => void;
    draw: (context: CanvasRenderingContext2D, box: Box) => void;
    read?: (lane: number, at_ms: number) => string;
    table: () => TableContent;
  }
  type Draws = (feed: Feed, overTime: OverTime[]) => Drawing;
  type LaneTable = (
    lanes: LaneData[],
    caption: string,
    head: string,
    rows: number,
    label: (row: number) => string,
    cell: (lane: number, row: number) => string,
  ) => TableContent;

  interface Listener {
    open: () => void;
    // biome-ignore lint/suspicious/noExplicitAny: an event is whatever the server says
    event: (event: any) => void;
    frame: (message: ArrayBuffer) => void;
    /** Connected, or not any more. */
    changed: () => void;
  }
  interface Window {
    htmx: { ajax: (verb: string, address: string, options: object) => void };
  }
}

export {};
