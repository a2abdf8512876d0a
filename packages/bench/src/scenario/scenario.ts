/** What a scenario is, and what it is given. */
import type { AppProcess, ServerProcess } from "@pawl/conformance";

export type World = {
  readonly server: ServerProcess;
  readonly app: AppProcess;
};

/** Names of figures to numbers; a name ends in its unit. */
export type Figures = Readonly<Record<string, number>>;

export type Goal = { readonly atMost: number } | { readonly atLeast: number };

export type Scenario = {
  readonly id: string;
  readonly title: string;
  /** What the figures are measured against. */
  readonly goals: Readonly<Record<string, Goal>>;
  /** Whether every repetition gets a server of its own. Needed where memory is measured. */
  readonly isFreshEach: boolean;
  /** Runs once without being measured, so that hot code is compiled. Default: `measure`. */
  readonly warmUp?: (world: World) => Promise<unknown>;
  readonly measure: (world: World) => Promise<Figures>;
};

/** One that needs no app, or makes its own server. */
export type LoneScenario = Pick<Scenario, "id" | "title" | "goals"> & { readonly measureAlone: (setup: LoneSetup) => Promise<Figures> };

/** How servers are started. */
export type LoneSetup = { readonly mode: "start" | "dev"; readonly code: "built" | "source" };

/** Milliseconds since the epoch with fractions, the same in all processes of a machine. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}

/** Resolves after a time. The bench waits for quiet; tests never do. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

const QUIET_SAMPLE_MS = 250;
const QUIET_SAMPLES = 3;
const QUIET_CPU_MS_MAX = 10;

/** Resolves when server and app have used next to no CPU for a while. */
export async function untilQuiet({ server, app }: World): Promise<void> {
  const used = (): number => server.child.cpuMs() + app.child.cpuMs();
  for (let quiet = 0, before = used(); quiet < QUIET_SAMPLES;) {
    await pause(QUIET_SAMPLE_MS);
    const now = used();
    quiet = now - before <= QUIET_CPU_MS_MAX ? quiet + 1 : 0;
    before = now;
  }
}

export type Cpu = { readonly serverMs: number; readonly appMs: number };

/** CPU that server and app use during `work`. */
export async function measureCpu<T>({ server, app }: World, work: () => Promise<T>): Promise<{ readonly result: T; readonly cpu: Cpu }> {
  const before = { server: server.child.cpuMs(), app: app.child.cpuMs() };
  const result = await work();
  // What is in the pipe when the last function ends belongs to it.
  await untilQuiet({ server, app });
  return { result, cpu: { serverMs: server.child.cpuMs() - before.server, appMs: app.child.cpuMs() - before.app } };
}

/** CPU figures, for each of `count` things of the kind `per`. */
export function cpuFigures({ serverMs, appMs }: Cpu, { count, per }: { readonly count: number; readonly per: string }): Figures {
  return {
    [`cpuMsPer${per}`]: (serverMs + appMs) / count,
    [`cpuServerMsPer${per}`]: serverMs / count,
    [`cpuAppMsPer${per}`]: appMs / count,
  };
}

/** Asks the app to tell when something has happened `count` times; resolves with the instant when it has. */
export function reached(app: AppProcess, name: string, count: number): Promise<number> {
  const since = app.reports.length;
  app.tell({ kind: "ask", name, count });
  return app
    .report(
      `waiting for ${count} × ${name}`,
      (report) => isSince(app, report, since) && report.kind === "reached" && report["name"] === name,
      300_000,
    )
    .then((report) => Number(report["at"]));
}

function isSince(app: AppProcess, report: Readonly<Record<string, unknown>>, since: number): boolean {
  return app.reports.findIndex((candidate) => candidate === report) >= since;
}
