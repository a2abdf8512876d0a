/**
 * Registers the apps that a worker brings with its connection.
 *
 * I1  Workers of the same code are one group, and a group registers once: a thousand workers that reconnect change nothing.
 * I2  A worker of an old version that reconnects does not take the registration back while workers of the registered version are there.
 *     When none is left, the old version registers again: that is how a rollback takes effect.
 * I3  Registrations follow one another, so two versions that connect at the same time can't be mixed.
 *
 * Spec: wire 9.2; semantics 12.1.
 */
import { createHash } from "node:crypto";
import type { AppConfiguration, WorkerConnect } from "@pawl/protocol";
import type { Engine } from "../core/engine.ts";
import { registerApp } from "../app/register.ts";
import { parseJson } from "../http/ui/stored-json.ts";
import { given, isRecord, textOf } from "../json.ts";
import type { Logger } from "../ports/logger.ts";
import { keepNewest } from "./keep-newest.ts";
import type { ServedApp, Workers } from "./workers.ts";

export type SyncResult =
  | { readonly kind: "synced"; readonly apps: readonly ServedApp[] }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export type WorkerSyncOptions = { readonly engine: Engine; readonly logger: Logger; readonly workers: Workers };

/** Workers whose version is, say, the time of their start make a group with each start. One that is forgotten registers when it comes back. */
const GROUPS_KEPT_MAX = 10_000;

type Failed = Extract<SyncResult, { kind: "failed" }>;

export class WorkerSync {
  readonly #options: WorkerSyncOptions;
  /** Groups that have registered, `GROUPS_KEPT_MAX` at most, and the newest of each app's name. */
  readonly #known = new Set<string>();
  readonly #newest = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerSyncOptions) {
    this.#options = options;
  }

  /** Registers what is new. Rejects only when the store does. */
  sync(worker: WorkerConnect): Promise<SyncResult> {
    const mine = this.#last.then(() => this.#sync(worker));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #sync(worker: WorkerConnect): Promise<SyncResult> {
    const apps: ServedApp[] = [];
    for (const configuration of worker.apps) {
      const app = await this.#syncApp(worker, configuration);
      if ("kind" in app) return app;
      apps.push(app);
    }
    return { kind: "synced", apps };
  }

  async #syncApp(worker: WorkerConnect, { appName, appVersion, functions: bytes }: AppConfiguration): Promise<ServedApp | Failed> {
    const functions = parseFunctions(bytes);
    if (functions === undefined)
      return failed(
        "connect_invalid_function_config",
        `The functions of the app ${JSON.stringify(appName)} are not a JSON list of objects.`,
      );
    const sdk = sdkOf(worker);
    const group = groupOf([sdk, worker.framework, appName, appVersion ?? ""], bytes);
    const known = this.#options.engine.registry.appByName(appName);
    if (known === undefined || known.method !== "connect" || known.archivedAt !== undefined || this.#mustRegister(appName, group)) {
      const refused = await this.#register({ appName, sdk, functions, framework: worker.framework, ...given("appVersion", appVersion) });
      if (refused !== undefined) return refused;
      this.#known.delete(group);
      this.#known.add(group);
      keepNewest(this.#known, GROUPS_KEPT_MAX);
      this.#newest.set(appName, group);
    }
    const id = this.#options.engine.registry.appByName(appName)?.id ?? "";
    this.#options.workers.setNewest(id, this.#newest.get(appName) ?? group);
    return { name: appName, id, group, slugs: new Set(functions.map((fn) => textOf(fn["id"]))), ...given("version", appVersion) };
  }

  /** Keeps I1 and I2. */
  #mustRegister(appName: string, group: string): boolean {
    const newest = this.#newest.get(appName);
    if (!this.#known.has(group) || newest === undefined) return true;
    return newest !== group && !this.#options.workers.hasGroup(newest);
  }

  async #register(app: {
    readonly appName: string;
    readonly appVersion?: string;
    readonly sdk: string;
    readonly framework: string;
    readonly functions: readonly unknown[];
  }): Promise<Failed | undefined> {
    const url = `ws://connect?app_name=${encodeURIComponent(app.appName)}`;
    const result = await registerApp(this.#options.engine, { ...app, url, method: "connect" });
    if (result.kind === "registered") return undefined;
    const problems = result.problems.map(({ message }) => message);
    this.#options.logger.warn({ app: app.appName, code: result.code, problems }, "the registration of a worker was refused");
    const code = result.code === "config_invalid" ? "connect_invalid_function_config" : result.code;
    return failed(code, [result.message, ...problems].join("; "));
  }
}

/** `<language>:<version>`, with the name that registrations by HTTP have for JavaScript. */
export function sdkOf({ sdkLanguage, sdkVersion }: Pick<WorkerConnect, "sdkLanguage" | "sdkVersion">): string {
  return `${sdkLanguage === "typescript" ? "js" : sdkLanguage}:${sdkVersion}`;
}

function parseFunctions(bytes: Uint8Array): readonly Readonly<Record<string, unknown>>[] | undefined {
  const value = parseJson(new TextDecoder().decode(bytes));
  return Array.isArray(value) && value.every(isRecord) ? value : undefined;
}

function groupOf(parts: readonly string[], functions: Uint8Array): string {
  return createHash("sha256").update(JSON.stringify(parts)).update(functions).digest("hex");
}

function failed(code: string, message: string): Failed {
  return { kind: "failed", code, message };
}
