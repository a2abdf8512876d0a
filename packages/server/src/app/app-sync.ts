/**
 * Finding apps and having them register: by URL, by trying the usual ports, again every few seconds in development.
 *
 * I1  An app that does not answer is shown with the reason, and tried again at the next poll.
 * I2  A URL is asked once at a time: whoever wants it asked meanwhile gets the same answer.
 * I3  Nothing is tried but the URLs that were given and, while no app is known, the usual loopback ports in development.
 *
 * Spec: wire 4.2, 4.6, 4.7; semantics 11.8, 11.9. Both ways of registering are understood: the app's own request, and functions in the
 * answer (in band), which needs no way back from the app to the server.
 */
import type { AppRow } from "@pawl/engine";
import { HEADER, type ServerKind } from "@pawl/protocol";
import { Agent, request } from "undici";
import type { Engine } from "../core/engine.ts";
import { type AddressPolicy, connectorOf, RefusedAddressError } from "../net/address-policy.ts";
import type { Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { given, isRecord, textOf } from "../json.ts";
import { isSameUrl, normalizeAppUrl } from "./app-url.ts";
import { refusalText, registerApp, type Registration, type RegistrationResult } from "./register.ts";
import { isSignedAnswer, signBody } from "./signature.ts";
import { failureOf, type SyncOrigin } from "./sync-record.ts";
import { uuidOf } from "./uuid.ts";

const SYNC_MS_MAX = 10_000;
const PROBE_MS_MAX = 2_000;
const REPLY_BYTES_MAX: number = 8 * 1024 * 1024;

const PORTS: readonly number[] = [
  80, 443, 3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 4321, 5000, 5173, 8000, 8080, 8081, 8787, 8888, 8910, 8911,
  8912, 8913, 8914, 8915,
];
const PATHS: readonly string[] = ["/api/inngest", "/api/pawl", "/x/inngest", "/.netlify/functions/inngest", "/.redwood/functions/inngest"];

export type AppSyncOptions = {
  readonly engine: Engine;
  readonly logger: Logger;
  readonly kind: ServerKind;
  readonly signingKey?: string;
  /** Another one that apps may sign with, while keys are rotated. */
  readonly signingKeyFallback?: string;
  /** URLs to register at start. */
  readonly urls: readonly string[];
  /** Whether the usual ports are tried while no app is known. */
  readonly discovers: boolean;
  /** Loopback ports to try. Default: those that development servers usually have. */
  readonly ports?: readonly number[];
  /** Extra port to try. */
  readonly extraPort?: number;
  /** Milliseconds between polls; 0: none. */
  readonly pollIntervalMs: number;
  /** Whether only apps in error are polled. */
  readonly pollsErrorsOnly: boolean;
  /** Which addresses apps may have. Default: any. */
  readonly addressPolicy?: AddressPolicy;
};

/**
 * What became of a sync. `registered`: what the app registered meanwhile; absent where it named another URL than the one that was asked, or
 * nothing.
 */
export type SyncResult = { readonly kind: "synced"; readonly registered?: Registered } | { readonly kind: "failed"; readonly code: string };

type Registered = Extract<RegistrationResult, { kind: "registered" }>;

/** A URL that is being asked. `taken`: what became of what it registered. */
type Asking = { readonly at: number; readonly result: Promise<SyncResult>; taken?: RegistrationResult };

export class AppSync {
  readonly #options: AppSyncOptions;
  readonly #agent: Agent;
  readonly #asking = new Map<string, Asking>();
  #timer: Timer | undefined;
  #isStopped = false;
  #isPolling = false;

  constructor(options: AppSyncOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAliveTimeout: 1, connect: connectorOf(options.addressPolicy, PROBE_MS_MAX) });
  }

  /** Registers the given URLs, then polls. Does not wait for answers. */
  start(): void {
    for (const url of this.#options.urls) void this.add(url);
    this.#schedule(this.#options.urls.length > 0 ? this.#options.pollIntervalMs : Math.min(this.#options.pollIntervalMs, 500));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#agent.destroy();
  }

  /** Adds an app by its URL and asks it to register. */
  async add(text: string): Promise<SyncResult> {
    const url = normalizeAppUrl(text);
    if (url === undefined) return { kind: "failed", code: "unsupported_protocol" };
    return this.sync(url);
  }

  /** Asks the app at a URL to register. Never rejects. `isTrial`: where it fails and no app is known there, nothing is kept of it. */
  sync(url: string, isTrial = false): Promise<SyncResult> {
    const known = this.#asking.get(url);
    if (known !== undefined) return known.result;
    const at = this.#options.engine.clock.now();
    const asking: Asking = { at, result: this.#ask(url, { asking: () => asking, isTrial }).finally(() => this.#asking.delete(url)) };
    this.#asking.set(url, asking);
    return asking.result;
  }

  /** How a registration of this URL, as normalised, came about. */
  originOf(url: string): SyncOrigin {
    const asking = this.#asking.get(url);
    return asking === undefined ? { source: "app" } : { source: "server", askedAt: asking.at };
  }

  /** Says what became of what an app registered. */
  took(url: string, result: RegistrationResult): void {
    const asking = this.#asking.get(url);
    if (asking !== undefined) asking.taken = result;
  }

  async #ask(url: string, { asking, isTrial }: { readonly asking: () => Asking; readonly isTrial: boolean }): Promise<SyncResult> {
    const problem = await this.#ping(url);
    if (this.#isStopped) return { kind: "failed", code: "stopped" };
    const { at, taken } = asking();
    if (taken?.kind === "registered") return { kind: "synced", registered: taken };
    // What we have told the app is nearer to the cause than what it makes of that.
    const failure = taken === undefined ? problem : refusalText(taken);
    if (failure === undefined) return { kind: "synced" };
    if (!isTrial || this.#appAt(url) !== undefined) await this.#noteFailure(url, { failure, askedAt: at });
    return { kind: "failed", code: failure };
  }

  #appAt(url: string): AppRow | undefined {
    return this.#options.engine.registry.apps().find((app) => isSameUrl(app.url, url) && app.archivedAt === undefined);
  }

  async #noteFailure(url: string, { failure, askedAt }: { readonly failure: string; readonly askedAt: number }): Promise<void> {
    const { engine, logger } = this.#options;
    if (this.#appAt(url)?.error === failure) return;
    logger.warn({ url, code: failure }, "an app can't be synced");
    const now = engine.clock.now();
    const placeholder: AppRow = {
      id: uuidOf(url),
      name: "",
      url,
      sdk: "",
      framework: "",
      method: "serve",
      checksum: "",
      createdAt: now,
      syncedAt: now,
    };
    await engine.register(() => {
      const app = { ...(this.#appAt(url) ?? placeholder), error: failure };
      return { app, functions: [], sync: failureOf(engine, { app, origin: { source: "server", askedAt }, error: failure }) };
    });
  }

  /** Undefined for success, else the code of what went wrong. */
  async #ping(url: string): Promise<string | undefined> {
    const { kind, signingKey, engine } = this.#options;
    const body = JSON.stringify({ url });
    if (!/^https?:/.test(url)) return "unsupported_protocol";
    try {
      const response = await request(url, {
        method: "PUT",
        dispatcher: this.#agent,
        headersTimeout: SYNC_MS_MAX,
        bodyTimeout: SYNC_MS_MAX,
        body,
        headers: {
          "content-type": "application/json",
          [HEADER.serverKind]: kind,
          ...(signingKey === undefined ? {} : { [HEADER.signature]: signBody(body, { signingKey, now: engine.clock.now() }) }),
        },
      });
      const text = await boundedText(response.body);
      if (response.headers[HEADER.syncKind] === "in_band" && response.statusCode === 200) {
        if (!this.#isTrusted(text, response.headers[HEADER.signature])) return "response_signature_invalid";
        return await this.#takeInBand(text, url);
      }
      return pingProblem(response.statusCode, text);
    } catch (error) {
      return error instanceof RefusedAddressError ? "address_refused" : "unreachable";
    }
  }

  /** Not every SDK signs what it answers; one that does must have our key. */
  #isTrusted(body: string, header: string | string[] | undefined): boolean {
    const { signingKey, signingKeyFallback, engine } = this.#options;
    if (signingKey === undefined || typeof header !== "string") return true;
    const signingKeys = [signingKey, ...(signingKeyFallback === undefined ? [] : [signingKeyFallback])];
    return isSignedAnswer(body, { header, signingKeys, now: engine.clock.now() });
  }

  async #takeInBand(text: string, url: string): Promise<string | undefined> {
    const registration = inBandRegistration(text, url);
    if (registration === undefined) return "The app's answer says that its functions are in it, but can't be read.";
    const result = await registerApp(this.#options.engine, registration, this.originOf(url));
    this.took(url, result);
    return result.kind === "registered" ? undefined : refusalText(result);
  }

  #schedule(delayMs: number): void {
    if (this.#options.pollIntervalMs <= 0 || this.#isStopped) return;
    this.#timer = this.#options.engine.clock.setTimer(
      delayMs,
      () => void this.#poll().finally(() => this.#schedule(this.#options.pollIntervalMs)),
    );
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      const apps = this.#options.engine.registry.apps().filter(({ archivedAt, method }) => archivedAt === undefined && method === "serve");
      if (apps.length === 0 && this.#options.discovers) await this.#discover();
      const due = this.#options.pollsErrorsOnly ? apps.filter(({ error }) => error !== undefined) : apps;
      await Promise.all(due.map(({ url }) => this.sync(url)));
    } finally {
      this.#isPolling = false;
    }
  }

  async #discover(): Promise<void> {
    const { ports = PORTS, extraPort } = this.#options;
    await Promise.all([...ports, ...(extraPort === undefined ? [] : [extraPort])].map((port) => this.#tryPort(port)));
  }

  async #tryPort(port: number): Promise<void> {
    for (const path of PATHS) {
      const url = `http://127.0.0.1:${port}${path}`;
      const found = await this.#probe(url);
      if (found === "nobody") return;
      if (found === "sdk") return void (await this.sync(url));
    }
  }

  /** `nobody`: nothing listens, so the other paths need no try. */
  async #probe(url: string): Promise<"sdk" | "other" | "nobody"> {
    try {
      const response = await request(url, { dispatcher: this.#agent, headersTimeout: PROBE_MS_MAX, bodyTimeout: PROBE_MS_MAX });
      await response.body.dump();
      return response.headers[HEADER.sdk] === undefined ? "other" : "sdk";
    } catch {
      return "nobody";
    }
  }
}

/** What an app registers in its answer; undefined where that is none. */
function inBandRegistration(text: string, url: string): Registration | undefined {
  const reply = jsonOf(text);
  if (!isRecord(reply)) return undefined;
  const { app_id: appName, functions = [], sdk, sdk_language: language, sdk_version: version, framework, appVersion } = reply;
  if (!Array.isArray(functions)) return undefined;
  return {
    appName: textOf(appName),
    url: textOf(reply["url"]) || url,
    sdk: textOf(sdk) || `${textOf(language)}:v${textOf(version)}`,
    framework: textOf(framework),
    method: "serve",
    functions,
    ...given("appVersion", textOf(appVersion) || undefined),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function boundedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > REPLY_BYTES_MAX) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const BAD_REQUEST_CODES: readonly (readonly [text: string, code: string])[] = [
  ["No functions registered", "no_functions"],
  ["function is invalid", "invalid_function"],
  ["You didn't specify your workspace's signing key", "missing_signing_key"],
  ["No INNGEST_ENV branch name found", "missing_branch_env_name"],
];

/** The code of a failed ping; undefined where it counts as done, if nothing was registered meanwhile. */
function pingProblem(status: number, text: string): string | undefined {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "url_not_found";
  // The Python SDK relays the refusal of its registration with the status of success.
  if (status === 200) return fieldOf(text, "error");
  if (status === 500) return messageOf(text) ?? "internal_server_error";
  if (status !== 400) return status < 300 ? undefined : `status_${status}`;
  const message = messageOf(text) ?? "";
  if (message === "Your signing key is invalid") return "invalid_signing_key";
  return BAD_REQUEST_CODES.find(([part]) => message.includes(part))?.[1] ?? (message || "status_400");
}

function messageOf(text: string): string | undefined {
  return fieldOf(text, "message");
}

/** A text of a JSON object that is not empty. */
function fieldOf(text: string, name: "message" | "error"): string | undefined {
  const answer = jsonOf(text);
  return (isRecord(answer) && textOf(answer[name])) || undefined;
}
