/**
 * Programs that a script starts and ends.
 *
 * I1  Each is in a group of its own, so that Ctrl+C reaches the script only, which then ends them in order.
 * I2  None outlives the script: they end when the channel to it is gone, even after a kill.
 */
import { type ChildProcess, fork } from "node:child_process";

export type StartOptions = {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
};

export class Children {
  readonly #started: { readonly path: string; readonly child: ChildProcess }[] = [];
  readonly #root: string;
  #isStopping = false;

  constructor(root: string) {
    this.#root = root;
  }

  /** Starts a program of the workspace; resolves with what it says when it is ready. Rejects when it ends before. */
  start({ path, args, env }: StartOptions): Promise<Readonly<Record<string, unknown>>> {
    const child = fork(`${this.#root}/${path}`, args, {
      cwd: this.#root,
      execArgv: ["--conditions=pawl-source", "--disable-warning=ExperimentalWarning"],
      env: { ...process.env, ...env },
      detached: true,
    });
    this.#started.push({ path, child });
    return new Promise((resolve, reject) => {
      child.once("message", (message) => resolve(message as Readonly<Record<string, unknown>>));
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${path} ended with code ${code} before it was ready.`)));
    });
  }

  /** Calls back when a program ends that nobody ended. */
  onLoss(callback: (path: string) => void): void {
    for (const { path, child } of this.#started) {
      child.once("exit", () => {
        if (!this.#isStopping) callback(path);
      });
    }
  }

  /** Ends them, the last one first; waits for each. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { child } of this.#started.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
  }

  /** Ends them at once. */
  kill(): void {
    this.#isStopping = true;
    for (const { child } of this.#started) child.kill("SIGKILL");
  }
}
