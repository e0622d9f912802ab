/** The types that modules share. Declarations alone: nothing of this is served to a browser. */

declare global {
  type Clock = import('./data/sequences.js').Clock;
  type Firing = import('./data/columns.js').Firing;
  type RunColumns = import('./data/columns.js').RunColumns;
  type Feed = import('./data/feed.js').Feed;
  type Wide = import('./data/frame.js').Wide;
  type Cursor = import('./charts/cursor.js').Cursor;
  type Lane = import('./charts/lane.js').Lane;
  type Plot = import('./charts/plot.js').Plot;
  type OverTime = import('./charts/over-time.js').OverTime;

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
                : S extends `textarea${string}`
                  ? HTMLTextAreaElement
                  : S extends `details${string}`
                    ? HTMLDetailsElement
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
    /** Of counts: of so many requests one comes as a row. */
    every?: number;
    /** Of counts: how many are in flight, and the stored frame that they stand for. */
    in_flight?: number;
    stands_for?: number;
  }
  type Frame = Omit<Header, 'columns'> & { columns: Columns };
  type Counts = Pick<Frame, 'rows' | 'columns'> & { sign: number };
  type CountColumns = { done: Wide; bin: Narrow; failed: Narrow; requests: Narrow };
  interface Envelope {
    sequence: number;
    payload: DataView;
  }
  interface ColumnType {
    readonly BYTES_PER_ELEMENT: number;
    new (bytes: ArrayBufferLike, at?: number, rows?: number): Narrow | Wide;
  }
  type ColumnTypes = Record<string, ColumnType>;

  type Stamp = typeof import('./data/columns.js').STAMPS[number];
  type Measure = 'in_app' | 'in_view' | 'threads' | 'rss' | 'loop_lag' | 'cpu';
  /** Lengths and instants are nanoseconds, -1: not known. */
  type Health = Record<Measure | 'at' | 'process', number>;
  type Segment = keyof typeof import('./charts/segments.js').SEGMENTS;
  type Paints = Record<Segment | 'error', string>;

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

  /** A position on an axis, as a share of it, and its label. */
  type Marks = [share: number, name: string][];
  type Point = [x: number, y: number];
  type Values = (number | null)[];
  interface LineSpec {
    word: string;
    format: (value: number) => string;
    health?: Measure;
    label?: (tick: number, end: number) => string;
  }
  /** What a figure of the panel draws. */
  interface Drawing {
    /** For tests. */
    readonly model: unknown;
    readonly summary: string;
    update: (shown: Shown) => void;
    draw: (plot: Plot) => void;
    read: (lane: number, at_ms: number) => string;
  }
  type LineOf = (kind: string, feed: Feed, overTime: OverTime[]) => Drawing;

  // What functions take and answer: one name a shape.
  /** `stamp_ms`: the newest in a live frame. */
  type Observe = (stamp_ms: number, arrived_ms: number) => void;
  type Ticks = (end: number, most: number, begin?: number) => number[];
  type TickName = (tick_ms: number, end_ms: number) => string;
  type Enter = (request: number, state: number) => boolean;
  /** `from`: the first of the counts to take. */
  type EachCount = (from: number, take: TakeCount) => void;
  type TakeCount = (done_ms: number, bin: number, failed: number, many: number) => void;
  type AddCounts = (frame: Frame | undefined, sign: number) => void;
  /** `sequence`: of a stored frame. */
  type TakeFrame = (frame: Frame, sequence?: number) => void;
  type CountOver = (due_ms: number, ...rest: Parameters<TakeCount>) => void;
  type CountOne = (request: number, error: number, status: number) => void;
  type IsWithin = (selection: Chosen, request: number) => boolean;
  type TakeHealth = (rows: number, columns: Columns) => void;
  type Begin = (lane: number, round: number) => Firing;
  type FiringOf = (lane: number, round: number) => Firing | undefined;
  /** `actions`: by key; `after`: one was done. */
  type ListenToKeys = (actions: Record<string, () => void>, after: () => void) => void;
  type Write = (place: Element | null | undefined, text: string) => void;
  type Hit = (event: Event, selector: string) => HTMLElement | null;
  type Fired = (lane: number, round: number) => void;
  type ObserveFrame = (frame: Frame, arrived_ms: number) => void;
  type NowIn = (lane: number, round: number, browser_ms: number) => number;
  type ReadHeader = (payload: DataView, length: number) => Header;
  type ReadColumns = (payload: DataView, at: number, header: Header) => Columns;
  /** `fold`: bins that one count stands for. */
  type Median = (counts: Uint32Array, fold?: number) => number;
  type TakeFiring = (firing: Firing | undefined, span: Span) => void;
  type Times = (first: number, last: number) => Uint32Array;
  type LoadOverTime = (firing: Firing, measure: Measure, span: Span, points: number) => Values;
  interface Course {
    before?: Health;
    /** Of a process; null: it was there and nobody knows, undefined: it was not there. */
    values: (number | null | undefined)[];
  }
  type Reported = (measure: Measure, report: Health, before?: Health) => number | null;
  type DrawShown = (shown: Shown, ratio: number) => void;
  type ReadLoad = (lane: number, at_ms: number) => string[];
  type TwoOf = (request: number) => [number, number];
  /** `now_ms`: where the bars of requests in flight end. */
  type EachSegment = (
    firing: Firing,
    request: number,
    now_ms: number,
    draw: (segment: Segment, from_ms: number, to_ms: number) => void,
  ) => void;
  type Lengths = (firing: Firing, request: number) => Partial<Record<Segment, number>>;
  /** `failures`: the names of errors, by their numbers. */
  type InWords = (firing: Firing, request: number, failures: string[]) => string;
  type Around = (middle_ms: number, length_ms: number) => Span;
  type ShowConnection = (state: 'connecting' | 'live' | 'lost', lastMessage_ms: number) => void;
  type Resolve = (token: string, place: HTMLElement) => string;
  type Resize = (width: number, height: number, ratio: number) => void;
  /** `top`: CSS pixels below the canvas's edge. */
  type RowAt = (top: number) => number;
  /** `name`: of the firing: another one is another picture. */
  type DrawBars = (firing: Firing | undefined, name: string, view: View, paints: Paints) => void;
  type ShownOf = (firing: Firing, request: number) => number;
  type DrawBar = (firing: Firing, request: number, view: View, paints: Paints) => void;

  interface Stage {
    readonly run: RunData;
    readonly root: HTMLElement;
    /** Something is to be drawn. */
    readonly wake: () => void;
    readonly feed: Feed;
    readonly lanes: Lane[];
    readonly panel: Panel;
    readonly cursor: Cursor;
    /** What the server said last of the run, and whether that is not its end. */
    status: string;
    readonly active: boolean;
    /** Two pixels a row, and scrolling, instead of all rows in sight. */
    zoomed: boolean;
    span: Span;
    /** Filters what is counted. */
    selection: Chosen;
    /** The round in front. */
    readonly round: number;
    readonly newest: number;
    /** Whether a bar grows, or lines and words wait for their turn. */
    behind: boolean;
    redraw: () => void;
    /** ‹ and ›. Whoever goes to the newest round follows again. */
    turn: (by: number) => void;
    /**
     * In (1): to the selection, to two pixels a row, to half of the time about the cursor.
     * Out (-1): back. 0: all of it.
     */
    zoom: (by: number) => void;
    /** Lanes and lines fit their places, in the colours of now. */
    resize: () => void;
    select: (selection: Chosen) => void;
    /** The address tells the selection on. */
    keepSelection: () => void;
    /** At this time, or when the connection was last heard: whether charts and words were, too. */
    draw: (browser_ms: number) => boolean;
  }
  type StageOf = (run: RunData, root: HTMLElement, wake: () => void) => Stage;
  interface Status {
    /** An event of the websocket. */
    // biome-ignore lint/suspicious/noExplicitAny: an event is whatever the server says
    handle: (event: any) => void;
    /** Put it on the page. */
    show: () => void;
  }
  type Mark = (tip: number, top: number, height: number, paint: string) => void;
  interface Waterfall {
    readonly canvas: HTMLCanvasElement;
    /** How often everything was painted anew, and how many bars in all: for tests. */
    readonly painted: { whole: number; bars: number };
    /** Fit the canvas to its place, in CSS pixels. */
    resize: Resize;
    requestAt: RowAt;
    /** Bring the canvas up to date: what changed and what grows, or all of it if the axis stepped. */
    draw: DrawBars;
  }
  interface Panel {
    /** Count what has come: a little with each frame, so that no redraw has much to do. */
    count: (shown: Shown) => void;
    draw: DrawShown;
    /** What each chart draws, for tests. */
    readonly models: Record<string, unknown>;
    /** What a lane's target bore at a moment. */
    read: ReadLoad;
  }
  type PanelIn = (root: HTMLElement, feed: Feed) => Panel;
  interface Listener {
    open: () => void;
    event: (event: PageEvent) => void;
    frame: (message: ArrayBuffer) => void;
    /** Connected, or not any more. */
    changed: () => void;
  }
}

export {};
