/** The types that modules share. Declarations alone: nothing of this is served to a browser. */

declare global {
  type Lag = import('./data/lag.js').Lag;
  type Firing = import('./data/columns.js').Firing;
  type RunColumns = import('./data/columns.js').RunColumns;
  type Feed = import('./data/feed.js').Feed;
  type Wide = import('./data/frame.js').Wide;
  type Cursor = import('./charts/cursor.js').Cursor;
  type Zoom = import('./charts/zoom.js').Zoom;
  type Lane = import('./charts/lane.js').Lane;
  type Plot = import('./charts/plot.js').Plot;
  type OverTime = import('./charts/over-time.js').OverTime;

  /** The element type that a selector names by its tag; `?.` is used where it may be missing. */
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
    /** Of counts: 1 in so many requests comes as a sample. */
    every?: number;
    /** Of counts: requests in flight, and the stored frame that they replace. */
    in_flight?: number;
    stands_for?: number;
    /** Of begun: what finished before has arrived. Of a firing shared by several load generators. */
    at_ns?: number;
    engine?: number;
    engines?: number;
    /** Of begun: 1 if its rows are all requests in flight. */
    snapshot?: number;
    origin_ns?: number;
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
  /** Durations and timestamps in nanoseconds; -1 is unknown. */
  type Health = Record<Measure | 'at' | 'process', number>;
  type Segment = keyof typeof import('./charts/segments.js').SEGMENTS;
  type Paints = Record<Segment | 'error', string>;

  /** A stretch of time in milliseconds since each firing's origin. */
  type Span = [from_ms: number, to_ms: number];
  type Chosen = Span | null;
  /** What the charts show; `span` is the time axis of all of them. */
  interface Shown {
    round: number;
    span: Span;
    /** The visible rows; null are all. */
    rows: Chosen;
    selection: Chosen;
    /** True if the run has not ended. */
    active: boolean;
  }
  interface View {
    span: Span;
    rows: Chosen;
    selection: Chosen;
    requests: number;
    /** True for a previous round. */
    faint: boolean;
    /** Where growing bars end. */
    now_ms: number;
  }

  /** What the card shows; `words` are the same for screen readers. */
  interface Reading {
    words: string;
    letter: string;
    family: string;
    title: string;
    pinned: boolean;
    request: string;
    lengths: Partial<Record<Segment, number>>;
    /** Of one lane. */
    values: string[];
    /** Of one chart. */
    lanes: LaneValue[];
    hint: string;
  }
  interface LaneValue {
    letter: string;
    family: string;
    value: string;
  }
  /** A place on the screen, and what the card leaves free: a row, or everything at `x`. */
  interface Anchor {
    x: number;
    y: number;
    top: number;
    bottom: number;
    row: boolean;
  }
  interface Size {
    width: number;
    height: number;
  }
  type PlaceCard = (anchor: Anchor, card: Size, screen: Size) => Point;
  type ShowCard = (reading: Reading | null, anchor: Anchor | null) => void;
  type Make = (name: string, className: string, ...content: (string | Node)[]) => HTMLElement;
  /** `requests` of a round; `active` if the run is, `loading` while its frames are fetched. */
  type LaneWords = (requests: number, active: boolean, loading: boolean) => void;
  type Nothing = (shown: Shown | undefined, loading: boolean, health: boolean) => string;
  type FinishedBy = (firing: Firing, at_ms: number) => number;
  type TimeAt = (x: number, surface: HTMLElement) => number;
  type RowAt = (y: number, surface: HTMLElement) => number | null;
  type GoTo = (at_ms: number, lane: number, surface: HTMLElement) => void;

  // Zoom: these return true if it changed.
  type RangeWithin = (from: number, length: number, end: number) => Chosen;
  type Scaled = (range: Span, at: number, factor: number, end: number, least: number) => Chosen;
  type ZoomBy = (factor: number, at_ms: number, row: number | null) => boolean;
  type ShowRange = (span: Span, rows: Chosen) => void;
  type MoveBy = (by_ms: number, by_rows: number) => boolean;
  type RowsWithin = (firings: Firing[], span: Span) => Chosen;
  type OutlineOf = (firing: Firing, requests: number, end_ms: number, size: Size) => Point[];
  interface Minimap {
    draw: (round: number, ratio: number) => void;
  }
  type MinimapOn = (canvas: HTMLCanvasElement, stage: Stage) => Minimap;

  /** A position on an axis, as a share of it, and its label. */
  type Marks = [share: number, name: string][];
  type Point = [x: number, y: number];
  type Values = (number | null)[];
  interface LineSpec {
    word: string;
    format: (value: number) => string;
    health?: Measure;
    points?: number;
    label?: (tick: number, end: number) => string;
  }
  /** A chart of the panel. */
  interface Drawing {
    /** For tests. */
    readonly model: unknown;
    readonly summary: string;
    readonly word: string;
    update: (shown: Shown) => void;
    draw: (plot: Plot) => void;
    read: (lane: number, at_ms: number) => string;
  }
  type LineOf = (kind: string, feed: Feed, overTime: OverTime[]) => Drawing;

  // Signatures of functions: named here because this file is not served.
  type Fits = (value: unknown) => boolean;
  type Shape = [without: unknown, fits: Fits];
  type Shapes = Record<string, Shape>;
  type Checked = (shapes: Shapes, data: unknown, name?: string) => Record<string, unknown>;
  type CheckedRun = (data: unknown, lanes: number) => { run: RunData; problem: string };
  type Numbers = { event?: unknown; kind?: unknown; lane?: unknown; round?: unknown };
  type IsOfRun = (about: Numbers, run: RunData) => boolean;
  type Observe = (server_ms: number, arrived_ms: number) => void;
  type BeginLag = (firing: Firing, now_ms: number) => void;
  type Ticks = (end: number, most: number, begin?: number) => number[];
  type TickName = (tick_ms: number, end_ms: number) => string;
  type Enter = (request: number, state: number) => boolean;
  /** `from` is the first of the counts to take. */
  type EachCount = (from: number, take: TakeCount) => void;
  type TakeCount = (done_ms: number, bin: number, failed: number, many: number) => void;
  type AddCounts = (frame: Frame | undefined, sign: number) => void;
  /** `sequence` is that of a stored frame. */
  type TakeFrame = (frame: Frame, sequence?: number) => void;
  type CountOver = (due_ms: number, ...rest: Parameters<TakeCount>) => void;
  type CountOne = (request: number, error: number, status: number) => void;
  type IsWithin = (selection: Chosen, request: number) => boolean;
  type TakeHealth = (rows: number, columns: Columns) => void;
  type Begin = (lane: number, round: number) => Firing;
  type FiringOf = (lane: number, round: number) => Firing | undefined;
  /** `actions` by key; `after` each of them. */
  type ListenToKeys = (actions: Record<string, () => void>, after: () => void) => void;
  type Write = (place: Element | null | undefined, text: string) => void;
  type Hit = (event: Event, selector: string) => HTMLElement | null;
  type BeganFiring = (lane: number, round: number) => void;
  type NowIn = (lane: number, round: number) => number;
  /** What a lane is drawn from: a feed, or a round of one that is played again. */
  interface Drawn {
    readonly run: RunData;
    readonly columns: { firing: FiringOf };
    now: NowIn;
  }
  interface Again extends Drawn {
    readonly round: number;
    /** Show it up to this moment of the browser's clock; false at the end. */
    step: (now_ms: number) => boolean;
  }
  type PlayAgain = (feed: Drawn, round: number, begin_ms: number) => Again;
  type Played = (
    whole: Firing | undefined,
  ) => { firing: Firing; until: (at_ms: number) => void } | undefined;
  type ReadHeader = (payload: DataView, length: number) => Header;
  type ReadColumns = (payload: DataView, at: number, header: Header) => Columns;
  /** `fold` is the number of bins per count. */
  type Median = (counts: Uint32Array, fold?: number) => number;
  type TakeFiring = (firing: Firing | undefined, span: Span) => void;
  type Times = (first: number, last: number) => Uint32Array;
  type LoadOverTime = (firing: Firing, measure: Measure, span: Span, points: number) => Values;
  interface Course {
    before?: Health;
    /** Of a process: null is unknown, undefined is before or after its life. */
    values: (number | null | undefined)[];
  }
  type Reported = (measure: Measure, report: Health, before?: Health) => number | null;
  type TwoOf = (request: number) => [number, number];
  /** `now_ms` is where the bars of requests in flight end. */
  type EachSegment = (
    firing: Firing,
    request: number,
    now_ms: number,
    draw: (segment: Segment, from_ms: number, to_ms: number) => void,
  ) => void;
  type Lengths = (
    firing: Firing,
    request: number,
    now_ms?: number,
  ) => Partial<Record<Segment, number>>;
  /** `failures` are the names of errors by their numbers. */
  type InWords = (firing: Firing, request: number, failures: string[]) => string;
  type OnThemeChange = (listeners: ((changed: () => void) => void)[], changed: () => void) => void;
  type ShowConnection = (
    socket: { state: string; lastMessage_ms: number },
    stage: Stage | null,
  ) => void;
  type Resolve = (token: string, place: HTMLElement) => string;
  type ShownOf = (firing: Firing, request: number) => number;
  type DrawBar = (firing: Firing, request: number, view: View, paints: Paints) => void;

  interface Stage {
    readonly run: RunData;
    readonly root: HTMLElement;
    /** Request a redraw. */
    readonly wake: () => void;
    readonly feed: Feed;
    readonly lanes: Lane[];
    readonly panel: Panel;
    readonly cursor: Cursor;
    status: string;
    /** True if the run has not ended. */
    readonly active: boolean;
    readonly view: Zoom;
    /** True once the wheel zoomed: no hint is needed. */
    wheeled: boolean;
    span: Span;
    /** What is counted. */
    selection: Chosen;
    /** The shown round. */
    readonly round: number;
    readonly newest: number;
    /** True if charts and captions wait. */
    behind: boolean;
    /** True while a round is played again. */
    readonly playing: boolean;
    /** Play the shown round of a finished run again, or stop that. */
    playAgain: () => void;
    /** Draw everything again. */
    redraw: () => void;
    /** ‹ and ›; the newest round is followed. */
    turn: (by: number) => void;
    /** In (1): to the selection, or else around the cursor. Out (-1), or everything (0). */
    zoom: (by: number) => void;
    /** Draw a changed view. */
    viewed: () => void;
    /** All lanes in one chart, or side by side again. */
    overlay: () => void;
    /** Fit lanes and charts to their places, in the current colours. */
    resize: () => void;
    select: (selection: Chosen) => void;
    /** Put the selection into the address. */
    keepSelection: () => void;
    /** True if charts and captions were drawn, too. */
    draw: () => boolean;
  }
  type StageOf = (run: RunData, root: HTMLElement, wake: () => void) => Stage;
  interface Target {
    state: string;
    word: string;
    since_ms: number;
  }
  interface Status {
    /** An event of the websocket. */
    // biome-ignore lint/suspicious/noExplicitAny: any event of the server
    handle: (event: any) => void;
    /** Update the page. */
    show: () => void;
    /** True if it shows a time that passes. */
    readonly waits: boolean;
  }
  /** The context of an htmx request. */
  interface Press {
    request: { submitter?: HTMLElement | null; late?: number | NodeJS.Timeout };
    response: { status: number };
  }
  type OnPress = (name: string, handle: (press: Press, event: Event) => void) => void;
  type ReportPress = (request: Press['request'], text: string) => void;
  /** A field of a form; `options` are those of a select. */
  type Field = HTMLInputElement & { readonly options?: HTMLOptionsCollection };
  /** What a person left in a field that a swap replaces. */
  interface Edit extends Pick<Field, 'value' | 'checked' | 'selectionStart' | 'selectionEnd'> {
    key: string;
    isEdited: boolean;
    isFocused: boolean;
  }
  /** The context of an htmx request whose response is swapped in. */
  interface Swap {
    sourceElement: Element;
    request: { sent: number };
    edits?: Edit[];
    opened?: string[];
    /** Forms of names and notes that were in the page before. */
    notes?: HTMLFormElement[];
  }
  /** The details of htmx's events; `tasks` are those of a swap. */
  interface SwapDetails {
    ctx: Swap;
    tasks: { target: Element | null }[];
  }
  type OnSwap = (name: string, handle: (details: SwapDetails) => void) => void;
  type EditsIn = (target: Element, swap: Swap) => Edit[];
  type OpenIn = (target: Element, swap: Swap) => string[];
  type Mark = (tip: number, top: number, height: number, paint: string) => void;
  interface Waterfall {
    readonly canvas: HTMLCanvasElement;
    /** How often everything was painted, and how many bars, for tests. */
    readonly painted: { whole: number; bars: number };
    /** Fit the canvas to its place, in CSS pixels. */
    resize: (width: number, height: number, ratio: number) => void;
    /** The row and its part, `top` CSS pixels below the canvas's edge. */
    rowAt: (top: number) => number;
    /** Top and height of a request's bar in CSS pixels; null if it is not visible. */
    placeOf: (request: number) => Point | null;
    /** Paint what changed and what grows, or everything if the view or the firing's `name` did. */
    draw: (firing: Firing | undefined, name: string, view: View, paints: Paints) => void;
  }
  interface Panel {
    /** Count new data, with each frame, so that no redraw has much to do. */
    count: (shown: Shown) => void;
    draw: (shown: Shown, ratio: number) => void;
    /** What each chart draws, for tests. */
    readonly models: Record<string, unknown>;
    /** The values of a lane at a moment. */
    read: (lane: number, at_ms: number) => string[];
    /** The values of all lanes in a chart at a moment. */
    valuesAt: (chart: string, at_ms: number) => LaneValue[];
  }
  type PanelIn = (root: HTMLElement, feed: Feed) => Panel;
  interface Listener {
    open: (again: boolean) => void;
    event: (event: PageEvent) => void;
    frame: (message: ArrayBuffer) => void;
    /** A heartbeat, with the server's clock. */
    beat: (server_ms: number) => void;
    /** The connection was made or lost. */
    changed: () => void;
  }
}

export {};
