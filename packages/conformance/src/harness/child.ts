/**
 * Processes that a suite or the bench starts, and how they end.
 *
 * I1  Every process is ended by its own id, and the end is awaited.
 * I2  What a process printed is kept (its end, at most `OUTPUT_CHARS_MAX`) and is part of every error about it.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const OUTPUT_CHARS_MAX = 20_000;

/** Time between SIGTERM and SIGKILL, in milliseconds: longer than the server's own drain. */
const STOP_MS_MAX = 20_000;

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A started process. */
export class Child {
  readonly #process: ChildProcess;
  readonly exited: Promise<Exit>;
  #output = "";
  #exit: Exit | undefined;

  constructor(child: ChildProcess) {
    this.#process = child;
    const keep = (chunk: Buffer): void => void (this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_CHARS_MAX));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    this.exited = once(child, "exit").then(([code, signal]: unknown[]) => {
      this.#exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.#exit;
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What it printed, both streams, the end. */
  get output(): string {
    return this.#output;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** SIGTERM, and SIGKILL when that has no effect in time. Resolves when the process is gone. */
  async stop(): Promise<Exit> {
    if (this.#exit === undefined) this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS_MAX);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** SIGKILL: no chance to write anything. */
  async kill(): Promise<Exit> {
    if (this.#exit === undefined) this.#process.kill("SIGKILL");
    return this.exited;
  }

  /** CPU time used so far, all threads, user and system, in milliseconds; Linux counts it in steps of 10 ms. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Resident memory in kB. */
  rssKb(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
}

/** A port of 127.0.0.1 that was free a moment ago; for servers that must come back on the same one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Rejects with what the child printed when `promise` takes longer than `ms`, or when the child ends first. */
export async function within<T>(promise: Promise<T>, { ms, what, child }: Within): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms. The process printed:\n${child.output}`)), ms);
  });
  const gone = child.exited.then((exit) => {
    throw new Error(`${what}: the process ended first, ${JSON.stringify(exit)}. It printed:\n${child.output}`);
  });
  try {
    return await Promise.race([promise, late, gone]);
  } finally {
    clearTimeout(timer);
    gone.catch(() => {});
  }
}

export type Within = { readonly ms: number; readonly what: string; readonly child: Pick<Child, "exited" | "output"> };
