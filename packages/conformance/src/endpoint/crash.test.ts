/** Durable endpoints whose app or server is killed with SIGKILL between two steps. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppProcess, type Report } from "../harness/app-process.ts";
import { Child, freePort } from "../harness/child.ts";
import { http, jsonOf } from "../harness/http.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS } from "../harness/watch.ts";

const MAIN = join(import.meta.dirname, "crash-app.ts");

let dir: string;
let server: ServerProcess;
let serverPort: number;
let appPort: number;
let app: AppProcess;
/** Bodies that ran, in all processes of the app. */
let ran: string[];

const start = (): Promise<ServerProcess> => startServerProcess({ dir, port: serverPort, retryIntervalS: 1, drainTimeoutS: 1 });

/** Starts the app on its port. `isFatal`: it hangs in the step named so, and waits to be killed. */
async function startApp(isFatal: boolean): Promise<AppProcess> {
  const child = fork(MAIN, [], {
    execArgv: ["--conditions=pawl-source"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, PAWL_APP_SERVER: server.url, PAWL_APP_PORT: String(appPort), PAWL_APP_FATAL: isFatal ? "1" : "0" },
  });
  const started = new AppProcess(new Child(child), (message) => child.send(message));
  child.on("message", (message: Report) => {
    if (message.kind === "body") ran.push(String(message["step"]));
    started.receive(message);
  });
  await started.report("waiting for the app to listen", ({ kind }) => kind === "listening");
  return started;
}

const isFatalStep = ({ kind, step }: Report): boolean => kind === "body" && step === "fatal";
const call = (path: string) => http(`http://127.0.0.1:${appPort}${path}`);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-endpoint-crash-"));
  ran = [];
  serverPort = await freePort();
  appPort = await freePort();
  server = await start();
});

afterEach(async () => {
  await app?.child.stop();
  await server?.child.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("an app that is killed within the first request: what it had finished is stored, and its caller may begin anew", async () => {
  app = await startApp(true);
  const broken = expect(call("/during")).rejects.toThrow();
  const { runId } = await app.report("waiting for the run", ({ kind }) => kind === "run");
  await app.report("waiting for the fatal step", isFatalStep);
  await app.child.kill();
  await broken;
  const detail = jsonOf(await http(`${server.url}/ui/v1/runs/${String(runId)}`, { headers: MANAGEMENT_HEADERS }));
  expect(detail).toMatchObject({ run: { phase: "running", stepsDone: 1 } });
  app = await startApp(false);
  expect(await call("/during")).toMatchObject({ status: 200, text: '["a","fatal"]' });
  expect(ran).toEqual(["a", "fatal", "a", "fatal"]);
});

test("an app that is killed when its run goes on without a caller is called again; only the step in progress is repeated", async () => {
  app = await startApp(true);
  const first = await call("/later");
  expect(first.status).toBe(302);
  const output = http(String(first.headers["location"]));
  await app.report("waiting for the fatal step", isFatalStep);
  await app.child.kill();
  app = await startApp(false);
  expect(await output).toMatchObject({ status: 200, text: '["a","fatal","c"]' });
  expect(ran).toEqual(["a", "fatal", "fatal", "c"]);
});

test("a server that is killed while an endpoint sleeps goes on with it; the caller asks for the answer again", async () => {
  app = await startApp(false);
  const first = await call("/sleepy");
  expect(first.status).toBe(302);
  const location = String(first.headers["location"]);
  const lost = expect(http(location)).rejects.toThrow();
  await server.child.kill();
  await lost;
  server = await start();
  expect(await http(location)).toMatchObject({ status: 200, text: '["a","c"]' });
  expect(ran).toEqual(["a", "c"]);
});
