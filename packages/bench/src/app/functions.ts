/**
 * What the bench runs. A step returns a small object, as in the measurements of other systems.
 *
 * I1  Counting happens in the app, and one message tells that a count is reached: a message per run would be measured, too.
 */
import type { Handler, Kit, Report } from "@pawl/conformance";

export const APP_ID = "bench";

/** Milliseconds since the epoch with fractions, the same in all processes of a machine. */
function instant(): number {
  return performance.timeOrigin + performance.now();
}

/** Counts what happens, by name, until a number is reached that the parent asked for. */
class Counts {
  readonly #kit: Pick<Kit, "report">;
  readonly #seen = new Map<string, number>();
  readonly #asked = new Map<string, number>();

  constructor(kit: Pick<Kit, "report">) {
    this.#kit = kit;
  }

  /** From now on, tells when `name` has happened `count` times. */
  ask(name: string, count: number): void {
    this.#seen.set(name, 0);
    this.#asked.set(name, count);
  }

  /** In a race a body may reach its end in two calls; a key makes them one. */
  addOnce(name: string, key: string): void {
    if (isFirst(`${name} ${key}`)) this.add(name);
  }

  add(name: string): void {
    const count = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, count);
    if (count === this.#asked.get(name)) this.#kit.report({ kind: "reached", name, at: instant() });
  }
}

/** Defines the functions. */
export function defineFunctions(kit: Kit): void {
  const counts = new Counts(kit);
  const define = (id: string, handler: Handler): unknown => kit.define({ id }, { event: `bench/${id}` }, handler);
  define("one-step", async ({ step, runId }) => {
    const result = await step.run("step", () => ({ ok: true, n: 1 }));
    counts.addOnce("one-step", runId);
    return result;
  });
  define("latency", async ({ event, step }) => {
    noteStart(kit, event.data);
    const result = await step.run("step", () => ({ ok: true, n: 1 }));
    kit.report({ kind: "latency-done", n: event.data["n"] });
    return result;
  });
  kit.define({ id: "keyed", concurrency: { limit: 1, key: "event.data.key" } }, { event: "bench/keyed" }, async ({ step, runId }) => {
    const result = await step.run("step", () => ({ ok: true, n: 1 }));
    counts.addOnce("keyed", runId);
    return result;
  });
  kit.define({ id: "crowd", concurrency: { limit: 5, key: "event.data.tenant" } }, { event: "bench/crowd" }, crowd(kit));
  define("sequence", sequence(kit, counts));
  define("parallel", async ({ event, step, runId }) => {
    const results = await Promise.all(Array.from({ length: Number(event.data["steps"]) }, (_, n) => step.run(`step-${n}`, () => ({ n }))));
    counts.addOnce("parallel", runId);
    return { length: results.length };
  });
  define("sleeper", sleeper(kit, counts));
  define("waiter", async ({ step, runId }) => {
    counts.addOnce("waiting", runId);
    const answer = await step.waitForEvent("wait", { event: "bench/answer", match: "data.key", timeout: "1h" });
    counts.addOnce("matched", runId);
    return { got: answer !== null };
  });
  kit.onTold((message: Report) => counts.ask(String(message["name"]), Number(message["count"])));
}

/** Keys of calls that were made: a function's body runs again for each call. */
const firsts = new Set<string>();

function isFirst(key: string): boolean {
  if (firsts.has(key)) return false;
  firsts.add(key);
  return true;
}

function noteStart(kit: Kit, { n, sentAt }: Readonly<Record<string, unknown>>): void {
  const at = instant();
  if (isFirst(`latency-${String(n)}`)) kit.report({ kind: "latency", n, ms: at - Number(sentAt) });
}

const CROWD_MS = 20;

/** A tenant with many slow runs, and another with few: only the second tells when it starts. */
function crowd(kit: Kit): Handler {
  return async ({ event, step }) => {
    const isSmall = event.data["tenant"] === "small";
    if (isSmall) noteStart(kit, event.data);
    const result = await step.run("step", async () => {
      if (!isSmall) await new Promise((resolve) => setTimeout(resolve, CROWD_MS));
      return { ok: true };
    });
    if (isSmall) kit.report({ kind: "latency-done", n: event.data["n"] });
    return result;
  };
}

/** Tells the times between the starts of the steps' bodies. */
function sequence(kit: Kit, counts: Counts): Handler {
  const startsOf = new Map<string, number[]>();
  return async ({ event, step, runId }) => {
    const starts = startsOf.get(runId) ?? [];
    startsOf.set(runId, starts);
    for (let n = 0; n < Number(event.data["steps"]); n++) {
      await step.run(`step-${n}`, () => {
        starts.push(performance.now());
        return { ok: true, n };
      });
    }
    startsOf.delete(runId);
    if (event.data["isTimed"] === true) kit.report({ kind: "sequence", starts });
    counts.addOnce("sequence", runId);
    return { ok: true };
  };
}

/** Tells, at the end of all, by how much each woke too late. */
function sleeper(kit: Kit, counts: Counts): Handler {
  const asleepAt = new Map<string, number>();
  const lags: number[] = [];
  return async ({ event, step, runId }) => {
    const { seconds, total } = event.data;
    if (!asleepAt.has(runId)) {
      asleepAt.set(runId, performance.now());
      counts.add("asleep");
    }
    await step.sleep("nap", `${Number(seconds)}s`);
    lags.push(performance.now() - (asleepAt.get(runId) ?? 0) - Number(seconds) * 1_000);
    asleepAt.delete(runId);
    if (lags.length === Number(total)) kit.report({ kind: "awake", lags: lags.splice(0) });
    return { ok: true };
  };
}
