/** E1: a durable endpoint of three steps that needs no calls of the server: what its caller waits for, beside the same handler without steps. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppProcess, Child, http, type Report, startServerProcess } from "@pawl/conformance";
import { percentile } from "../report/statistics.ts";
import { cpuFigures, type Figures, instant, type LoneScenario, type LoneSetup, measureCpu, type World } from "./scenario.ts";

const ALONE = 500;
const AT_ONCE = 16;
const REQUESTS = 4_000;

export const endpoint: LoneScenario = {
  id: "E1",
  title: `durable endpoint of 3 steps: ${ALONE} requests one at a time; ${REQUESTS}, ${AT_ONCE} at a time`,
  goals: { msP50: { atMost: 5 }, requestsPerS: { atLeast: 500 } },
  async measureAlone(setup) {
    const dir = mkdtempSync(join(tmpdir(), "pawl-bench-"));
    const server = await startServerProcess({ dir, ...setup });
    try {
      const app = await startApp(setup, server.url);
      try {
        return await measure({ server, app });
      } finally {
        await app.child.stop();
      }
    } finally {
      await server.child.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function startApp({ mode, code }: LoneSetup, serverUrl: string): Promise<AppProcess> {
  const child = fork(join(import.meta.dirname, "../app/endpoint-app.ts"), [], {
    execArgv: code === "built" ? [] : ["--conditions=pawl-source"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, NODE_ENV: "production", PAWL_BENCH_MODE: mode, PAWL_BENCH_SERVER: serverUrl },
  });
  const app = new AppProcess(new Child(child), (message) => child.send(message));
  child.on("message", (message) => app.receive(message as Report));
  const listening = await app.report("waiting for the app to listen", ({ kind }) => kind === "listening");
  app.url = `http://127.0.0.1:${String(listening["port"])}`;
  return app;
}

async function measure(world: World): Promise<Figures> {
  const durable = `${world.app.url}/durable`;
  await requests(durable, { count: REQUESTS / 4, atOnce: AT_ONCE });
  const plain = await requests(`${world.app.url}/plain`, { count: ALONE, atOnce: 1 });
  const alone = await requests(durable, { count: ALONE, atOnce: 1 });
  const startedAt = instant();
  const many = await measureCpu(world, async () => {
    const times = await requests(durable, { count: REQUESTS, atOnce: AT_ONCE });
    return { times, ms: instant() - startedAt };
  });
  return {
    plainMsP50: percentile(plain, 0.5),
    msP50: percentile(alone, 0.5),
    msP99: percentile(alone, 0.99),
    requestsPerS: (REQUESTS / many.result.ms) * 1_000,
    atOnceMsP99: percentile(many.result.times, 0.99),
    ...cpuFigures(many.cpu, { count: REQUESTS, per: "Request" }),
  };
}

/** Durations of requests, in milliseconds. Rejects where one is not answered with 200. */
async function requests(url: string, { count, atOnce }: { readonly count: number; readonly atOnce: number }): Promise<readonly number[]> {
  const times: number[] = [];
  let left = count;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const startedAt = instant();
      const { status, text } = await http(url);
      times.push(instant() - startedAt);
      if (status !== 200) throw new Error(`A request was answered with ${status}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return times;
}
