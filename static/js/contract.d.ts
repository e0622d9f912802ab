/** Written by `python -m tests.golden.make`: the types are those of dashboard/wire. */

declare global {
  /** A lane. `mark_s` is the position of a dashed line: the theory's, or the end of a rate. */
  interface LaneData {
    name: string;
    family: string;
    letter: string;
    mark_s: number | null;
    mark: string;
  }

  /** A run. `failures` are the names of a sample's `error`, by number; `replay` is a speed. `looks` are the numbers of rounds after which a run until certain is evaluated. */
  interface RunData {
    id: string;
    status: string;
    lanes: LaneData[];
    requests: number;
    rounds: number;
    looks?: number[];
    discarded_rounds: number[];
    timeout_s?: number;
    frames_url: string;
    failures: string[];
    replay?: number;
  }

  /** The state of a lane's target changed; `facts` once it is ready. A viewer that joins later also gets how long it has had that state, `waited_s`. */
  interface TargetEvent {
    event: 'target';
    lane: number;
    state: 'starting' | 'ready' | 'restarting' | 'failed' | 'inside';
    message?: string;
    waited_s?: number;
  }

  /** Facts about a lane were found and stored. */
  interface FoundEvent {
    event: 'found';
    lane: number;
  }

  /** A firing starts; round 0 is the warm-up. */
  interface BeganEvent {
    event: 'began';
    lane: number;
    round: number;
  }

  /** A firing is over; `reading` is what was read around it. */
  interface FiredEvent {
    event: 'fired';
    lane: number;
    round: number;
  }

  /** A round does not count and is repeated under the next number. */
  interface DiscardedEvent {
    event: 'discarded';
    round: number;
    reason?: 'stolen' | 'late';
  }

  /** A condition that affects how numbers are to be read; if it spoils, there is no verdict. */
  interface WarningEvent {
    event: 'warning';
    message: string;
  }

  /** A lane was sampled: `where` its time was spent, or `missing`, why that is unknown. */
  interface SampledEvent {
    event: 'sampled';
    lane: number;
    missing?: string;
  }

  /** The run's targets start. */
  interface StartingEvent {
    event: 'starting';
  }

  /** The run is over. */
  interface FinishedEvent {
    event: 'finished';
    status: string;
  }

  /** The answer to `watch`: stored frames below `next` are to be fetched. */
  interface WatchingEvent {
    event: 'watching';
    next: number;
    live: boolean;
  }

  /** What is stored of the run is damaged, so that it cannot be watched or replayed. */
  interface UnreadableEvent {
    event: 'unreadable';
  }

  interface GapEvent {
    event: 'gap';
    from: number;
    to: number;
  }

  /** A run joined or left the queue, began or ended. */
  interface QueueEvent {
    event: 'line';
  }

  /** The heartbeat: the page answers each. `now_ms` is the server's monotonic clock. */
  interface BeatEvent {
    event: 'beat';
    now_ms: number;
  }

  type ViewerEvent =
    | TargetEvent
    | FoundEvent
    | BeganEvent
    | FiredEvent
    | DiscardedEvent
    | WarningEvent
    | SampledEvent
    | StartingEvent
    | FinishedEvent
    | WatchingEvent
    | UnreadableEvent
    | GapEvent;

  /** What comes by the websocket. */
  type PageEvent = (ViewerEvent & { run: string }) | (QueueEvent & { run?: undefined });
}

export {};
