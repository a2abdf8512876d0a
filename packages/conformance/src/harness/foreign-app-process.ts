/**
 * An app that is no program of Node's, as a process. It talks to its parent as Node's own children do: JSON lines over the socket whose number
 * the variable `NODE_CHANNEL_FD` tells.
 */
import { spawn } from "node:child_process";
import { AppProcess, type Report, environmentOf } from "./app-process.ts";
import { Child } from "./child.ts";
import type { ServerProcess } from "./server-process.ts";

/** How an app of another language is started. */
export type Program = { readonly command: string; readonly args: readonly string[] };

export type ForeignAppSetup = {
  readonly program: Program;
  readonly server: Pick<ServerProcess, "url" | "mode">;
  /** Default: a free one. */
  readonly port?: number;
  /** Name of the worker, for an app that connects and listens on no port. */
  readonly connect?: string;
  /** Whether the app is asked to register. Default true. */
  readonly registers?: boolean;
};

/** Starts an app; one that listens registers, too. */
export async function startForeignApp(setup: ForeignAppSetup): Promise<AppProcess> {
  const { program, port = 0, connect = "", registers = true } = setup;
  const env = environmentOf(setup, { PAWL_APP_PORT: String(port), PAWL_APP_CONNECT: connect, PYTHONDONTWRITEBYTECODE: "1" });
  const process_ = spawn(program.command, program.args, { stdio: ["ignore", "pipe", "pipe", "ipc"], env });
  const app = new AppProcess(new Child(process_), (message) => process_.send(message));
  process_.on("message", (message) => app.receive(message as Report));
  if (connect !== "") {
    await app.report("waiting for the worker to connect", ({ kind }) => kind === "connected");
    return app;
  }
  const listening = await app.report("waiting for the app to listen", ({ kind }) => kind === "listening");
  app.url = `http://127.0.0.1:${String(listening["port"])}/api/inngest`;
  if (registers) await app.register();
  return app;
}
