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
import type { ServerKind } from "@pawl/protocol";
import { Agent } from "undici";
import type { Engine } from "../core/engine.ts";
import { type AddressPolicy, connectorOf } from "../net/address-policy.ts";
import type { Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { isSameUrl, normalizeAppUrl } from "./app-url.ts";
import { askApp } from "./ask-app.ts";
import { discoverApps } from "./discovery.ts";
import { refusalText, registerApp, type Registration, type RegistrationResult } from "./register.ts";
import { failureOf, type SyncOrigin } from "./sync-record.ts";
import { uuidOf } from "./uuid.ts";

const CONNECT_MS_MAX = 2_000;

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
    this.#agent = new Agent({ keepAliveTimeout: 1, connect: connectorOf(options.addressPolicy, CONNECT_MS_MAX) });
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
    const asked = this.#ask(url, { asking: () => asking, isTrial }).catch((error: unknown) => this.#failed(url, error));
    const asking: Asking = { at, result: asked.finally(() => this.#asking.delete(url)) };
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
    const problem = await this.#problemOf(url);
    if (this.#isStopped) return { kind: "failed", code: "stopped" };
    const { at, taken } = asking();
    if (taken?.kind === "registered") return { kind: "synced", registered: taken };
    // What we have told the app is nearer to the cause than what it makes of that.
    const failure = taken === undefined ? problem : refusalText(taken);
    if (failure === undefined) return { kind: "synced" };
    if (!isTrial || this.#appAt(url) !== undefined) await this.#noteFailure(url, { failure, askedAt: at });
    return { kind: "failed", code: failure };
  }

  /** What came of it could not be stored. */
  #failed(url: string, error: unknown): SyncResult {
    this.#options.logger.error({ url, error: String(error) }, "what a sync has found could not be stored");
    return { kind: "failed", code: "not_stored" };
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

  /** Undefined where the app was asked, and has registered what is in its answer. */
  async #problemOf(url: string): Promise<string | undefined> {
    const { kind, signingKey, signingKeyFallback, engine } = this.#options;
    const answer = await askApp(url, { dispatcher: this.#agent, kind, signingKey, signingKeyFallback, now: () => engine.clock.now() });
    if (answer.kind === "in-band") return this.#takeInBand(url, answer.registration);
    return answer.kind === "failed" ? answer.problem : undefined;
  }

  async #takeInBand(url: string, registration: Registration): Promise<string | undefined> {
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
    const { ports, extraPort } = this.#options;
    await discoverApps({ dispatcher: this.#agent, ports, extraPort, found: (url) => this.sync(url) });
  }
}
