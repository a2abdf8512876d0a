/**
 * A world for tests of rules: the whole server with a store in memory, an app of scripts, and time that passes when it is told to.
 *
 * I1  Everything that needs no time is done when `send` and `advance` resolve.
 * I2  Retries have no jitter, unless a test sets it.
 */
import type { EventOutcome, ItemRow, RandomSource, RunRow, StepRow } from "@pawl/engine";
import { parseDurationMs } from "@pawl/protocol";
import { onTestFinished } from "vitest";
import { registerApp } from "../app/register.ts";
import { functionConfig, settled, START, testServer, type TestServer, type TestServerOptions } from "../http/test-server.fixture.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { systemRandom } from "../ports/random.ts";
import { type Handler, ScriptedApp, type SeenCall } from "./scripted-app.fixture.ts";

export { NoRetryError, RetryAfterError, StepFailure } from "./replay.fixture.ts";
export { sdkAnswer, type SeenCall } from "./scripted-app.fixture.ts";
export { settled, START };

/** A function of the world's app. Its slug is `shop-<name>`; it is triggered by `shop/<name>` unless `on` says otherwise. */
export type TestFunction = Handler & {
  readonly on?: string | readonly Readonly<Record<string, unknown>>[];
  /** How often, or also when. Default: what the server does with a function that does not say. */
  readonly retries?: number | Readonly<Record<string, unknown>>;
  /** Other options of its registration. */
  readonly options?: Readonly<Record<string, unknown>>;
};

export type WorldOptions = {
  /** What is added to each retry delay, milliseconds. Default 0. */
  readonly jitterMs?: number;
  readonly engine?: TestServerOptions["engine"];
  readonly server?: Pick<TestServerOptions, "kind" | "signingKey" | "eventKeys">;
  /** How long after `START` this server starts, for one that takes over a store. Default 0. */
  readonly startAfterMs?: number;
};

/** A run with its texts parsed. `at` are milliseconds since the world began. */
export type SeenRun = Omit<RunRow, "output" | "error"> & {
  readonly output: unknown;
  readonly error: { readonly name: string; readonly message: string; readonly error: string; readonly stack?: string } | undefined;
  readonly began: number | undefined;
  readonly ended: number | undefined;
};

/** An event as stored. */
export type SeenEvent = {
  readonly name: string;
  readonly id: string;
  readonly ts: number;
  readonly data: Readonly<Record<string, unknown>>;
};

export class World {
  readonly server: TestServer;
  readonly #app: ScriptedApp;
  #requests = 0;
  #answered = 0;

  constructor(server: TestServer, app: ScriptedApp) {
    this.server = server;
    this.#app = app;
    server.clock.settle = () => this.settle();
  }

  /** Waits for everything that needs no time, requests to the server among it. */
  async settle(): Promise<void> {
    let answered: number;
    do {
      answered = this.#answered;
      await settled();
    } while (this.#requests > 0 || this.#answered > answered);
  }

  /** A request to the server, from an app or from outside. */
  post(url: string, payload: unknown = {}, headers: Readonly<Record<string, string>> = {}): ReturnType<TestServer["post"]> {
    return this.#counted(this.server.post(url, payload, headers));
  }

  /** A reading request. */
  get(url: string): ReturnType<TestServer["get"]> {
    return this.#counted(this.server.get(url));
  }

  /** Cancels a run. */
  async cancel(runId: string): Promise<void> {
    await this.server.engine.cancel(runId, "Cancelled by the test.");
    await this.settle();
  }

  /** Sends one event; resolves with its internal id when what it starts has begun. */
  async send(
    name: string,
    data: Readonly<Record<string, unknown>> = {},
    rest: { readonly id?: string; readonly ts?: number } = {},
  ): Promise<string> {
    const [id = ""] = await this.server.engine.send([{ name, data, ...rest }]);
    await this.settle();
    return id;
  }

  /** Registers the app anew, with these functions in the place of the old ones. What they do with calls stays. */
  async register(functions: Readonly<Record<string, Pick<TestFunction, "on" | "retries" | "options">>>): Promise<void> {
    const { url, sdk, framework } = this.server.engine.registry.appByName("shop") ?? { url: "", sdk: "", framework: "" };
    const configs = Object.entries(functions).map(([name, definition]) => configOf(name, definition));
    const result = await registerApp(this.server.engine, { appName: "shop", url, sdk, framework, method: "serve", functions: configs });
    if (result.kind !== "registered") throw new Error(`The registration was refused: ${JSON.stringify(result)}`);
    await this.settle();
  }

  /** Lets time pass: a duration such as `1h30m`. */
  async advance(duration: string): Promise<void> {
    const ms = parseDurationMs(duration);
    if (ms === undefined) throw new Error(`${duration} is no duration.`);
    await this.settle();
    await this.server.clock.advance(ms);
  }

  /** Resolves after a time, for scripts and answers. */
  takes(duration: string): Promise<void> {
    return new Promise((resolve) => this.server.clock.setTimer(parseDurationMs(duration) ?? 0, resolve));
  }

  /** Milliseconds since the world began. */
  now(): number {
    return this.server.clock.now() - START;
  }

  /** Calls of a function, oldest first. */
  calls(name: string): readonly SeenCall[] {
    return this.#app.calls.filter(({ slug }) => slug === `shop-${name}`);
  }

  /** When a function was called, milliseconds since the world began. */
  callTimes(name: string): readonly number[] {
    return this.calls(name).map(({ at }) => at);
  }

  /** Runs of a function, oldest first. */
  async runs(name: string): Promise<readonly SeenRun[]> {
    const { engine } = this.server;
    const { id } = engine.registry.invocable(`shop-${name}`) ?? { id: "" };
    const rows = await engine.store.history.listRuns({ filter: { functionIds: [id] }, timeField: "queuedAt", order: "asc", limit: 1_000 });
    return rows.map(seenRun);
  }

  /** The only run of a function. */
  async run(name: string): Promise<SeenRun> {
    const [run, ...others] = await this.runs(name);
    if (run === undefined || others.length > 0) throw new Error(`${name} has ${run === undefined ? 0 : others.length + 1} runs.`);
    return run;
  }

  /** Statuses of a function's runs, oldest first. */
  async statuses(name: string): Promise<readonly string[]> {
    return (await this.runs(name)).map(({ status }) => status);
  }

  /** The steps of a run by name. */
  async steps(runId: string): Promise<Readonly<Record<string, StepRow>>> {
    const detail = await this.server.engine.store.history.runDetail(runId);
    return Object.fromEntries((detail?.steps ?? []).map((step) => [step.name, step]));
  }

  /** What of a run is in the queue. */
  items(runId: string): Promise<readonly ItemRow[]> {
    return this.server.engine.store.itemsOfRun(runId);
  }

  /** Stored events of a name, oldest first. */
  async events(name: string): Promise<readonly SeenEvent[]> {
    const rows = await this.server.engine.store.history.listEvents({ names: [name], includeInternal: true, limit: 1_000 });
    return rows.map(({ body }) => JSON.parse(body) as SeenEvent).toReversed();
  }

  /** Why an event did not simply start a run. */
  outcomes(eventId: string): Promise<readonly EventOutcome[]> {
    return this.server.engine.store.history.outcomesOfEvents([eventId]);
  }

  async #counted<T>(request: Promise<T>): Promise<T> {
    this.#requests += 1;
    try {
      return await request;
    } finally {
      this.#requests -= 1;
      this.#answered += 1;
    }
  }
}

/** Starts a world; it ends with the test. */
export async function worldOf(functions: Readonly<Record<string, TestFunction>>, options: WorldOptions = {}): Promise<World> {
  const app = new ScriptedApp(new Map(Object.entries(functions).map(([name, handler]) => [`shop-${name}`, handler])));
  const clock = new ManualClock();
  await clock.advance(options.startAfterMs ?? 0);
  const server: TestServer = await testServer({
    clock,
    ...options.server,
    app: (_body, call) => app.handle(call, clock.now()),
    functions: Object.entries(functions).map(([name, definition]) => configOf(name, definition)),
    engine: { random: randomWith(options.jitterMs ?? 0), ...options.engine },
  });
  onTestFinished(() => server.stop());
  return new World(server, app);
}

/** A function's registration, as its app sends it. */
export function configOf(
  name: string,
  { on = `shop/${name}`, retries, options = {} }: Pick<TestFunction, "on" | "retries" | "options">,
): Readonly<Record<string, unknown>> {
  const triggers = typeof on === "string" ? [{ event: on }] : on;
  const config = functionConfig(`shop-${name}`, { triggers, ...options });
  const { steps } = config as { readonly steps: { readonly step: Readonly<Record<string, unknown>> } };
  const { retries: _, ...step } = steps.step;
  const given = typeof retries === "number" ? { attempts: retries } : retries;
  return { ...config, steps: { step: given === undefined ? step : { ...step, retries: given } } };
}

function randomWith(jitterMs: number): RandomSource {
  return { ...systemRandom(), integer: (bound) => Math.min(jitterMs, bound - 1) };
}

function seenRun(row: RunRow): SeenRun {
  const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
  return {
    ...row,
    output: parsed(row.output),
    error: parsed(row.error) as SeenRun["error"],
    began: row.startedAt === undefined ? undefined : row.startedAt - START,
    ended: row.endedAt === undefined ? undefined : row.endedAt - START,
  };
}
