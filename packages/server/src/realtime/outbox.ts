/**
 * Messages on their way to one subscriber.
 *
 * I1  What is kept is sent in the order in which it came, and each once.
 * I2  No more than the limits is kept. What does not fit is not dropped silently: the subscriber is told to go, and its outbox is empty
 *     from then on. A client that reconnects knows that it has missed something; one that gets a stream with holes does not.
 */

export type Frame = {
  readonly text: string;
  /** Size of the text in UTF-8. */
  readonly bytes: number;
  /** Whether the text is a piece of an event stream already. */
  readonly isRaw: boolean;
};

export type Sink = {
  /** Takes a frame. False: that one was taken, but no more until the outbox is told that the sink is `ready`. */
  send(frame: Frame): boolean;
};

export type OutboxLimits = { readonly framesMax: number; readonly bytesMax: number };

/** Bytes that all outboxes of a server keep together. */
export type Budget = { bytes: number; readonly bytesMax: number };

export class Outbox {
  readonly #sink: Sink;
  readonly #limits: OutboxLimits;
  readonly #budget: Budget;
  #kept: Frame[] = [];
  #bytes = 0;
  #isReady = true;
  #isClosed = false;

  constructor(sink: Sink, { limits, budget }: { readonly limits: OutboxLimits; readonly budget: Budget }) {
    this.#sink = sink;
    this.#limits = limits;
    this.#budget = budget;
  }

  /** Frames kept back. */
  get length(): number {
    return this.#kept.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sends a frame, or keeps it until the sink is ready. False: it does not fit, and the outbox is closed (keeps I2). */
  push(frame: Frame): boolean {
    if (this.#isClosed) return false;
    if (this.#isReady) {
      this.#isReady = this.#sink.send(frame);
      return true;
    }
    if (!this.#fits(frame)) {
      this.close();
      return false;
    }
    this.#kept.push(frame);
    this.#count(frame.bytes);
    return true;
  }

  /** The sink takes frames again. */
  ready(): void {
    if (this.#isClosed || this.#isReady) return;
    this.#isReady = true;
    let sent = 0;
    for (const frame of this.#kept) {
      sent += 1;
      this.#count(-frame.bytes);
      this.#isReady = this.#sink.send(frame);
      if (this.#isClosed) return;
      if (!this.#isReady) break;
    }
    this.#kept = this.#kept.slice(sent);
  }

  /** Forgets what is kept. */
  close(): void {
    this.#isClosed = true;
    this.#kept = [];
    this.#count(-this.#bytes);
  }

  #fits({ bytes }: Frame): boolean {
    const { framesMax, bytesMax } = this.#limits;
    const isWithinOwn = this.#kept.length < framesMax && this.#bytes + bytes <= bytesMax;
    return isWithinOwn && this.#budget.bytes + bytes <= this.#budget.bytesMax;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.bytes += bytes;
  }
}
