/**
 * One function for each kind of step, and for each way in which a function ends.
 *
 * Each is started by the event `test/<id>`; `data.key` tells tests apart that share a function.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventOf, FunctionsModule, Handler, Kit, Steps } from "../app/kit.ts";

export const APP_ID = "steps";

/** Size of one step's output in the test of large state: with three of them a run no longer fits into a call. */
export const LARGE_CHARS: number = 2 * 1024 * 1024;

/** Ids of the steps whose saving is tested. */
export const SAVED: readonly string[] = ["a", "b", "c", "d"];

/** Time that a call of `saved-in-time` may take, in milliseconds; its first step takes longer. */
const SAVED_MS_MAX = 50;

const SECOND_MS = 1_000;

/** Defines the functions. */
export function defineFunctions(kit: Kit): void {
  const define = (id: string, handler: Handler, options: Readonly<Record<string, unknown>> = {}): unknown =>
    kit.define({ ...options, id }, { event: `test/${id}` }, handler);
  const child = define("child", ({ event }) => ({ doubled: Number(event.data["n"]) * 2 }));
  const failingChild = define("failing-child", failChild, { retries: 0 });
  define("run", run);
  define("nothing", () => {});
  define("sleep", sleep);
  define("sleep-until", sleepUntil);
  define("wait", wait);
  define("wait-if", waitIf);
  define("wait-timeout", waitTimeout);
  define("invoke", async ({ step }) => step.invoke("call", { function: child, data: { n: 21 } }));
  define("invoke-failing", async ({ step }) => outcomeOf(step.invoke("call", { function: failingChild, data: {} })));
  define("invoke-timeout", async ({ step }) => outcomeOf(step.invoke("call", { function: sleeper, data: {}, timeout: "1s" })));
  const sleeper = define("sleeper", async ({ step }) => step.sleep("long", "1h"));
  define("send", send);
  define("sent", ({ event }) => event.data);
  define("parallel", parallel);
  define("repeated", repeated);
  define("large", large);
  defineFailures(kit, define);
  define("cancel", async ({ step }) => step.sleep("long", "1h"), {
    cancelOn: [{ event: "test/stop", if: "event.data.key == async.data.key" }],
  });
  defineSaving(kit, define);
  define("race", race(kit));
  kit.onTold(({ payload }) => void kit.send(payload).then(({ ids }) => kit.report({ kind: "sent", ids })));
}

type Define = (id: string, handler: Handler, options?: Readonly<Record<string, unknown>>) => unknown;

/** Functions that say themselves how their steps are saved. Each call reports itself. */
function defineSaving(kit: Kit, define: Define): void {
  const steps: Handler = async ({ step, event }) => {
    kit.report({ kind: "call", key: event.data["key"] });
    const letters: string[] = [];
    for (const letter of SAVED) letters.push(await step.run(letter, () => letter));
    return letters.join("");
  };
  define("saved", steps);
  define("saved-by-answer", steps, { checkpointing: false });
  define("saved-in-threes", steps, { checkpointing: { bufferedSteps: 3 } });
  define(
    "saved-in-time",
    async ({ step, event }) => {
      kit.report({ kind: "call", key: event.data["key"] });
      const first = await step.run("long", async () => {
        kit.report({ kind: "body", name: "saved-in-time" });
        await delay(2 * SAVED_MS_MAX);
        return "long";
      });
      return [first, await step.run("after", () => "after")];
    },
    { checkpointing: { maxRuntime: SAVED_MS_MAX } },
  );
}

function defineFailures(kit: Kit, define: Define): void {
  const body = (name: string, attempt: number): void => kit.report({ kind: "body", name, attempt });
  define("retry", async ({ step, attempt }) => ({
    attempt: await step.run("flaky", () => flaky(attempt, body)),
    after: await step.run("after", () => "done"),
  }));
  define("retry-after", async ({ step, attempt }) =>
    step.run("later", () => {
      if (attempt === 0) throw new kit.RetryAfterError("not yet", "1s");
      return { attempt };
    }),
  );
  define("step-error", async ({ step, attempt }) => outcomeOf(step.run("broken", () => failStep(attempt, body))), { retries: 1 });
  define("non-retriable", ({ attempt }) => {
    body("non-retriable", attempt);
    throw new kit.NonRetriableError("no use");
  });
  define(
    "exhausted",
    ({ attempt }) => {
      body("exhausted", attempt);
      throw new TypeError(`attempt ${attempt}`);
    },
    { retries: 1 },
  );
  define(
    "failing",
    () => {
      throw new RangeError("out of range");
    },
    {
      retries: 0,
      onFailure: ({ event, error }: { readonly event: EventOf; readonly error: Error }) =>
        kit.report({ kind: "failure", original: (event.data["event"] as EventOf).data, message: error.message, name: error.name }),
    },
  );
}

const run: Handler = async ({ step, event }) => {
  const a = await step.run("first", () => ({ n: Number(event.data["n"]), at: new Date(0), gone: undefined }));
  const b = await step.run("second", async () => a.n + 1);
  return { a, b, name: event.name };
};

const sleep: Handler = async ({ step }) => {
  const from = await step.run("from", () => Date.now());
  await step.sleep("nap", "1s");
  return { sleptMs: (await step.run("until", () => Date.now())) - from };
};

const sleepUntil: Handler = async ({ step }) => {
  const from = await step.run("from", () => Date.now());
  await step.sleepUntil("nap", new Date(from + SECOND_MS));
  return { sleptMs: (await step.run("until", () => Date.now())) - from };
};

const wait: Handler = async ({ step, event }) => {
  const got = await step.waitForEvent("answer", { event: "test/answer", timeout: "1h", match: "data.key" });
  return { asked: event.data["key"], got: got?.data ?? null, name: got?.name };
};

const waitIf: Handler = async ({ step }) => {
  const got = await step.waitForEvent("answer", {
    event: "test/answer-if",
    timeout: "1h",
    if: "async.data.key == event.data.key && async.data.amount > 10",
  });
  return got?.data;
};

const waitTimeout: Handler = async ({ step }) => ({ got: await step.waitForEvent("answer", { event: "test/never", timeout: "1s" }) });

const send: Handler = async ({ step, event }) => {
  const { ids } = await step.sendEvent("tell", [
    { name: "test/sent", data: { key: event.data["key"], part: 1 } },
    { name: "test/sent", data: { key: event.data["key"], part: 2 } },
  ]);
  return { ids };
};

const parallel: Handler = async ({ step }) => {
  const many = await Promise.all(Array.from({ length: 5 }, (_, n) => step.run(`part ${n}`, () => n)));
  const [text] = await Promise.all([step.run("text", () => "text"), step.sleep("short", 100), chain(step)]);
  return { sum: many.reduce((a, b) => a + b, 0), text };
};

async function chain(step: Steps): Promise<number> {
  const one = await step.run("one", () => 1);
  return step.run("two", () => one + 1);
}

const repeated: Handler = async ({ step }) => {
  const seen: number[] = [];
  for (let n = 0; n < 3; n++) seen.push(await step.run("same", () => n));
  return seen;
};

const large: Handler = async ({ step }) => {
  const sizes: number[] = [];
  for (let n = 0; n < 4; n++) sizes.push((await step.run(`large ${n}`, () => String(n).repeat(LARGE_CHARS))).length);
  return sizes;
};

/**
 * The official client ends a run only when every step that was begun has ended; ours when the function has returned. So what is reported
 * tells whether the winner was waited for alone.
 */
const race =
  (kit: Pick<Kit, "report">): Handler =>
  async ({ step, group, event }) => {
    const slow = String(event.data["slow"]);
    const contest = (): Promise<unknown> => Promise.race([step.run("fast", () => "fast"), step.sleep("slow", slow).then(() => "slow")]);
    const winner = await (group === undefined ? contest() : group.parallel({ mode: "race" }, contest));
    const after = await step.run("after", () => {
      kit.report({ kind: "raced", winner });
      return "done";
    });
    return { winner, after };
  };

function flaky(attempt: number, body: (name: string, attempt: number) => void): number {
  body("retry", attempt);
  if (attempt === 0) throw new Error("flaky");
  return attempt;
}

function failStep(attempt: number, body: (name: string, attempt: number) => void): never {
  body("step-error", attempt);
  throw new RangeError("broken for good");
}

function failChild(): never {
  throw new RangeError("the child failed");
}

async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await promise };
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message } : { error };
  }
}

defineFunctions satisfies FunctionsModule["defineFunctions"];
