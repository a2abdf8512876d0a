/**
 * A server of durable endpoints without a network: it keeps what it is told, and calls the endpoint until its run has ended.
 *
 * Requests can be made to fail, before or after they take effect.
 */
import type { WireOp } from "@pawl/protocol";
import type { Pawl } from "../client/client.ts";
import type { PawlOptions } from "../client/options.ts";
import type { HttpReply, HttpRequest } from "../client/transport.ts";
import { type FakeRuntime, testClient } from "../run/call.fixture.ts";
import type { ApiResult } from "./api-result.ts";
import type { Endpoint } from "./options.ts";

/** What becomes of one request to the server. `lost`: it takes effect, and its answer doesn't arrive. */
export type Fate = "answered" | "unreachable" | "lost" | HttpReply;

export type StoredRun = {
  readonly id: string;
  readonly event: { readonly data: Readonly<Record<string, string>> };
  readonly retries: number;
  /** Results by hash, in the order in which they were stored. */
  readonly steps: Map<string, unknown>;
  /** What the run waits for. */
  readonly waiting: WireOp[];
  isAsync: boolean;
  output: ApiResult | undefined;
};

export class FakeServer {
  readonly runs = new Map<string, StoredRun>();
  readonly requests: { readonly path: string; readonly body: string }[] = [];
  /** Bodies of what was streamed through the server. */
  readonly teed: string[] = [];
  fate: (request: HttpRequest) => Fate = () => "answered";

  readonly transport = async (request: HttpRequest): Promise<HttpReply> => {
    const fate = this.fate(request);
    if (fate === "unreachable") throw new Error("connect ECONNREFUSED");
    if (typeof fate === "object") return fate;
    const reply = this.#answer(request);
    if (fate === "lost") throw new Error("socket hang up");
    return reply;
  };

  get run(): StoredRun {
    const [run] = this.runs.values();
    if (run === undefined) throw new Error("No run was started.");
    return run;
  }

  #answer({ url, body = "" }: HttpRequest): HttpReply {
    const { pathname } = new URL(url);
    this.requests.push({ path: pathname, body });
    const [, runId = "", what] = /^\/v[01]\/(?:checkpoint|runs)\/(\w+)\/(\w+)$/.exec(pathname) ?? [];
    if (pathname === "/v1/realtime/publish/tee") {
      this.teed.push(body);
      return { status: 200, body: "" };
    }
    if (pathname === "/v1/checkpoint") return this.#start(JSON.parse(body) as Start);
    const run = this.runs.get(runId);
    if (run === undefined) return { status: 404, body: '{"message":"no such run"}' };
    if (what === "steps") return this.#report(run, (JSON.parse(body) as Start).steps);
    if (what === "batch") return { status: 200, body: JSON.stringify([{ name: "inngest/http.request", ...run.event }]) };
    return { status: 200, body: JSON.stringify(Object.fromEntries(run.steps)) };
  }

  #start({ run_id: id, event, retries, steps }: Start): HttpReply {
    if (!this.runs.has(id)) this.runs.set(id, { id, event, retries, steps: new Map(), waiting: [], isAsync: false, output: undefined });
    const run = this.runs.get(id) as StoredRun;
    const reply = this.#report(run, steps);
    if (reply.status !== 200) return reply;
    const data = { fn_id: "fn", app_id: "app", run_id: id, token: `token-${id}`, realtime_token: "rt" };
    return { status: 200, body: JSON.stringify({ data }) };
  }

  #report(run: StoredRun, ops: readonly WireOp[]): HttpReply {
    if (run.isAsync || run.output !== undefined) return { status: ops.every((op) => isKnown(run, op)) ? 200 : 409, body: "{}" };
    this.take(run, ops);
    return { status: 200, body: "" };
  }

  /** Stores what ops say. */
  take(run: StoredRun, ops: readonly WireOp[]): void {
    for (const op of ops) {
      if (op.op === "StepRun") {
        if (!run.steps.has(op.id)) run.steps.set(op.id, { data: op.data });
      } else if (op.op === "StepFailed") {
        run.steps.set(op.id, { error: op.error });
        run.isAsync = true;
      } else if (op.op === "RunComplete") run.output = op.data as ApiResult;
      else {
        run.isAsync = true;
        run.waiting.push(op);
      }
    }
  }
}

type Start = {
  readonly run_id: string;
  readonly event: StoredRun["event"];
  readonly retries: number;
  readonly steps: readonly WireOp[];
};

function isKnown(run: StoredRun, op: WireOp): boolean {
  return run.steps.has(op.id) || run.waiting.some(({ id }) => id === op.id) || op.op === "RunComplete";
}

export type EndpointTest = {
  readonly server: FakeServer;
  readonly client: Pawl & { readonly clock: FakeRuntime; readonly logs: string[] };
};

/** A client with a server. Delays of repeated requests take no time. */
export function endpointTest(options: Partial<PawlOptions> = {}): EndpointTest {
  const server = new FakeServer();
  const client = testClient({ baseUrl: "http://server.test", transport: server.transport, ...options });
  let runs = 0;
  client.runtime.randomBytes = (count) => new Uint8Array(count).fill(++runs % 256);
  const { setTimer } = client.clock;
  // Delays before another attempt of a request; alarms of an execution are shorter or longer.
  client.runtime.setTimer = (ms, callback) => {
    if (ms < 100 || ms > 5_000) return setTimer(ms, callback);
    queueMicrotask(callback);
    return () => {};
  };
  return { server, client };
}

export const APP = "http://app.test/quote?sku=7";

/** The request that the server makes. */
export function again(run: StoredRun, headers: Readonly<Record<string, string>> = {}): Request {
  const { domain, path, query_params: query, method = "GET", body, content_type: type = "" } = run.event.data;
  return new Request(`${domain}${path}?${query}`, {
    method,
    headers: { "x-run-id": run.id, "x-inngest-signature": "", "x-inngest-req-version": "2", "content-type": type, ...headers },
    ...(method === "GET" || method === "HEAD" ? {} : { body: body ?? "" }),
  });
}

/**
 * Plays the server until the run has an output: ends what is waited for, and calls the endpoint again. Resolves to the rounds it took.
 * `isLost`: whether the answer of a call doesn't arrive; then it is made again, as after a 500.
 */
export async function playToEnd(endpoint: Endpoint, server: FakeServer, isLost: () => boolean = () => false): Promise<number> {
  const { run } = server;
  for (let calls = 1; calls < 200; calls++) {
    const planned = run.waiting.splice(0);
    for (const op of planned)
      if (op.op !== "StepPlanned" && op.op !== "StepError" && op.op !== "DiscoveryRequest") run.steps.set(op.id, null);
    const targets = planned.filter(({ op }) => op === "StepPlanned");
    for (const { id } of targets.length > 0 ? targets : [{ id: undefined }]) {
      let ops: readonly WireOp[] | undefined;
      for (let attempt = 0; ops === undefined || isLost(); attempt++) {
        const response = await endpoint(again(run, id === undefined ? {} : { "x-inngest-step-id": id }));
        const text = await response.text();
        if (attempt > 20 || (response.status !== 206 && response.status !== 500)) throw new Error(`Answer ${response.status}: ${text}`);
        ops = response.status === 206 ? (JSON.parse(text) as readonly WireOp[]) : undefined;
      }
      server.take(run, ops);
    }
    if (run.output !== undefined) return calls;
  }
  throw new Error("The run doesn't end.");
}
