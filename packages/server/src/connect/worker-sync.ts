/**
 * Registers the apps that a worker brings with its connection.
 *
 * I1  Workers of the same code are one group, and a group registers once: a thousand workers that reconnect change nothing.
 * I2  A worker of an old version does not take the registration back while workers of the registered version are there, or have been in
 *     the last `CONNECT_ROLLBACK_MS`. What was registered before is stored with the app, so a restart of the server in the middle of a
 *     deploy changes nothing of that.
 * I3  When the registered version has been gone for so long, the version of the worker that came last registers again: a rollback.
 * I4  Registrations follow one another, so two versions that connect at the same time can't be mixed.
 *
 * Spec: wire 9.2; semantics 12.1.
 */
import { type AppConfiguration, CONNECT_ROLLBACK_MS, type WorkerConnect } from "@pawl/protocol";
import { checksumOf, registerApp, type Registration } from "../app/register.ts";
import type { Engine } from "../core/engine.ts";
import { parseJson } from "../http/ui/stored-json.ts";
import { given, isRecord, textOf } from "../json.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { ServedApp, Worker, Workers } from "./workers.ts";

export type SyncResult =
  | { readonly kind: "synced"; readonly apps: readonly ServedApp[] }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export type WorkerSyncOptions = { readonly engine: Engine; readonly clock: Clock; readonly logger: Logger; readonly workers: Workers };

type Failed = Extract<SyncResult, { kind: "failed" }>;
type WorkerRegistration = Omit<Registration, "functions"> & { readonly functions: readonly Readonly<Record<string, unknown>>[] };

export class WorkerSync {
  readonly #options: WorkerSyncOptions;
  /** What the groups that are connected would register. */
  readonly #offers = new Map<string, WorkerRegistration>();
  /**
   * When a worker of an app's registered version was last seen to come or go, by the app's name; the start of the server where there was
   * none yet.
   */
  readonly #seenAt = new Map<string, number>();
  readonly #startedAt: number;
  readonly #timers = new Map<string, Timer>();
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(options: WorkerSyncOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** Registers what is new. Rejects only when the store does. */
  sync(worker: WorkerConnect): Promise<SyncResult> {
    return this.#inTurn(() => this.#sync(worker));
  }

  /** A worker has left. */
  left(worker: Worker): void {
    const { engine, workers, clock } = this.#options;
    for (const { name, group } of worker.facts.apps) {
      if (workers.hasGroup(group)) continue;
      this.#offers.delete(group);
      if (engine.registry.appByName(name)?.checksum !== group) continue;
      this.#seenAt.set(name, clock.now());
      this.#watch(name);
    }
  }

  /** Nothing is registered any more. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(change);
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

  async #syncApp(worker: WorkerConnect, configuration: AppConfiguration): Promise<ServedApp | Failed> {
    const { appName, appVersion } = configuration;
    const registration = registrationOf(worker, configuration);
    if (registration === undefined)
      return failed(
        "connect_invalid_function_config",
        `The functions of the app ${JSON.stringify(appName)} are not a JSON list of objects.`,
      );
    const group = checksumOf(registration);
    if (this.#mustRegister(appName, group)) {
      const refused = await this.#register(registration);
      if (refused !== undefined) return refused;
    } else this.#watch(appName);
    this.#offers.set(group, registration);
    const { id, checksum } = this.#options.engine.registry.appByName(appName) ?? { id: "", checksum: group };
    this.#options.workers.setNewest(id, checksum);
    // It joins in a moment: until then it must not be taken for one that has been gone for long.
    if (checksum === group) this.#seenAt.set(appName, this.#options.clock.now());
    return {
      name: appName,
      id,
      group,
      slugs: new Set(registration.functions.map((fn) => textOf(fn["id"]))),
      ...given("version", appVersion),
    };
  }

  /** Keeps I1 and I2. */
  #mustRegister(appName: string, group: string): boolean {
    const known = this.#options.engine.registry.appByName(appName);
    if (known === undefined || known.method !== "connect" || known.archivedAt !== undefined || known.error !== undefined) return true;
    if (known.checksum === group) return false;
    if (known.formerChecksums?.includes(group) !== true) return true;
    return this.#isAbandoned(appName, known.checksum);
  }

  #isAbandoned(appName: string, group: string): boolean {
    return !this.#options.workers.hasGroup(group) && this.#options.clock.now() >= this.#abandonedAt(appName);
  }

  /** When the registered version of an app is given up, if none of its workers comes back. */
  #abandonedAt(appName: string): number {
    return (this.#seenAt.get(appName) ?? this.#startedAt) + CONNECT_ROLLBACK_MS;
  }

  /** Looks after an app whose registered version has no workers (I3). */
  #watch(appName: string): void {
    const { engine, workers, clock } = this.#options;
    const known = engine.registry.appByName(appName);
    if (known === undefined || this.#isStopped || this.#timers.has(appName) || workers.hasGroup(known.checksum)) return;
    const timer = clock.setTimer(this.#abandonedAt(appName) - clock.now(), () => {
      this.#timers.delete(appName);
      this.#inTurn(() => this.#inherit(appName)).catch((error: unknown) =>
        this.#options.logger.error({ app: appName, error: String(error) }, "registering the version that is left failed"),
      );
    });
    this.#timers.set(appName, timer);
  }

  /** Keeps I3. */
  async #inherit(appName: string): Promise<void> {
    const { engine, workers } = this.#options;
    const known = engine.registry.appByName(appName);
    if (known?.method !== "connect" || workers.hasGroup(known.checksum)) return;
    if (!this.#isAbandoned(appName, known.checksum)) return this.#watch(appName);
    const heir = workers.newestOf(appName);
    const offer = this.#offers.get(heir?.group ?? "");
    if (heir === undefined || offer === undefined || known.archivedAt !== undefined) return;
    if ((await this.#register(offer)) === undefined) workers.setNewest(known.id, heir.group);
  }

  async #register(registration: Registration): Promise<Failed | undefined> {
    const result = await registerApp(this.#options.engine, registration);
    if (result.kind === "registered") return undefined;
    const problems = result.problems.map(({ message }) => message);
    this.#options.logger.warn({ app: registration.appName, code: result.code, problems }, "the registration of a worker was refused");
    const code = result.code === "config_invalid" ? "connect_invalid_function_config" : result.code;
    return failed(code, [result.message, ...problems].join("; "));
  }
}

/** `<language>:<version>`, with the name that registrations by HTTP have for JavaScript. */
export function sdkOf({ sdkLanguage, sdkVersion }: Pick<WorkerConnect, "sdkLanguage" | "sdkVersion">): string {
  return `${sdkLanguage === "typescript" ? "js" : sdkLanguage}:${sdkVersion}`;
}

function registrationOf(
  worker: WorkerConnect,
  { appName, appVersion, functions: bytes }: AppConfiguration,
): WorkerRegistration | undefined {
  const functions = parseJson(new TextDecoder().decode(bytes));
  if (!isListOfRecords(functions)) return undefined;
  const url = `ws://connect?app_name=${encodeURIComponent(appName)}`;
  return {
    appName,
    url,
    sdk: sdkOf(worker),
    framework: worker.framework,
    method: "connect",
    functions,
    ...given("appVersion", appVersion),
  };
}

function isListOfRecords(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every(isRecord);
}

function failed(code: string, message: string): Failed {
  return { kind: "failed", code, message };
}
