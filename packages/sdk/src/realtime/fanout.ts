/**
 * One sequence, many readers.
 *
 * I1  Each reader gets what is pushed from when it was made, in order.
 * I2  At most KEPT_MAX items wait for a reader. One that is being read and falls further behind ends with an error; one that nobody reads
 *     loses the oldest.
 */

const KEPT_MAX = 1_000;

type Branch<T> = { push(item: T): void; end(error?: Error): void };

export class Fanout<T> {
  readonly #branches = new Set<Branch<T>>();
  #isOver = false;

  /** A reader. It ends when the sequence does. */
  open<R>(map: (item: T) => R): ReadableStream<R> {
    const { stream, branch } = createBranch(map, () => this.#branches.delete(branch));
    if (this.#isOver) branch.end();
    else this.#branches.add(branch);
    return stream;
  }

  push(item: T): void {
    for (const branch of this.#branches) branch.push(item);
  }

  /** Ends all readers, after what waits for them. */
  end(error?: Error): void {
    this.#isOver = true;
    for (const branch of this.#branches) branch.end(error);
    this.#branches.clear();
  }
}

/** What a reader waits for. */
type Waiting<T> = { readonly kept: T[]; end?: { readonly error: Error | undefined }; wake?: () => void };

function createBranch<T, R>(map: (item: T) => R, onGone: () => void): { readonly stream: ReadableStream<R>; readonly branch: Branch<T> } {
  const waiting: Waiting<T> = { kept: [] };
  const end = (error?: Error): void => {
    waiting.end ??= { error };
    waiting.wake?.();
  };
  const cancel = (): void => {
    end();
    onGone();
  };
  const stream = new ReadableStream<R>({ pull: (controller) => give(waiting, { controller, map }), cancel }, { highWaterMark: 0 });
  const push = (item: T): void => {
    const { kept } = waiting;
    kept.push(item);
    waiting.wake?.();
    if (kept.length <= KEPT_MAX) return;
    kept.shift();
    if (!stream.locked) return;
    kept.length = 0;
    end(new Error(`The reader did not keep up: more than ${KEPT_MAX} messages were waiting for it.`));
    onGone();
  };
  return { stream, branch: { push, end } };
}

type Giving<T, R> = { readonly controller: ReadableStreamDefaultController<R>; readonly map: (item: T) => R };

/** Gives the reader the next item or the end, when there is one. */
async function give<T, R>(waiting: Waiting<T>, { controller, map }: Giving<T, R>): Promise<void> {
  while (waiting.kept.length === 0 && waiting.end === undefined) await new Promise<void>((resolve) => (waiting.wake = resolve));
  const next = waiting.kept.splice(0, 1);
  if (next.length > 0) for (const item of next) controller.enqueue(map(item));
  else if (waiting.end?.error === undefined) controller.close();
  else controller.error(waiting.end.error);
}
