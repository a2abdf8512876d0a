/**
 * Registering an app: its functions checked, matched with the known ones, stored.
 *
 * I1  All functions are stored, or none: one invalid function refuses the registration, with every problem named.
 * I2  An unchanged registration changes nothing and is quick. One that follows a failed sync takes the failure away, and nothing else.
 * I3  Functions keep their ids; those that are gone are archived, and come back when registered again.
 * I4  What changed something, or was refused for another reason than the sync before, is in the app's history.
 *
 * Spec: wire 4.3; semantics 11.8.
 */
import { createHash, randomUUID } from "node:crypto";
import { type AppRow, type FunctionDefinition, type FunctionRow, parseFunctionConfig, type SyncRow } from "@pawl/engine";
import { CONNECT_VERSIONS_KEPT_MAX } from "@pawl/protocol";
import type { Engine } from "../core/engine.ts";
import { isSameUrl, normalizeAppUrl } from "./app-url.ts";
import { failureOf, successOf, type SyncOrigin } from "./sync-record.ts";
import { uuidOf } from "./uuid.ts";

export type Registration = {
  readonly appName: string;
  readonly url: string;
  readonly sdk: string;
  readonly framework: string;
  readonly appVersion?: string;
  readonly method: AppRow["method"];
  /** As sent. */
  readonly functions: readonly unknown[];
};

/** What is wrong with one option of one function. */
export type RegistrationProblem = { readonly path: string; readonly message: string; readonly code: string };

export type RegistrationResult =
  | { readonly kind: "registered"; readonly isModified: boolean; readonly appId: string; readonly syncId: string }
  | { readonly kind: "refused"; readonly code: string; readonly message: string; readonly problems: readonly RegistrationProblem[] };

/** JavaScript SDKs that are refused for a security problem of theirs, inclusive. */
const DENIED_JS = { from: [3, 22, 0], to: [3, 53, 1] } as const;

/** Stores a registration. */
export async function registerApp(
  engine: Engine,
  registration: Registration,
  origin: SyncOrigin = { source: registration.method === "connect" ? "worker" : "app" },
): Promise<RegistrationResult> {
  const result = await store(engine, registration, origin);
  if (result.kind === "refused") await noteRefusal(engine, registration, { origin, error: refusalText(result) });
  return result;
}

/** Why a registration was refused: a code, or what is wrong with which function. */
export function refusalText({ code, problems }: Extract<RegistrationResult, { kind: "refused" }>): string {
  return problems.length === 0 ? code : problems.map(({ message }) => message).join("; ");
}

async function store(engine: Engine, registration: Registration, origin: SyncOrigin): Promise<RegistrationResult> {
  const { appName } = registration;
  if (appName === "") return refused("invalid_request", "App ID required");
  if (isDenied(registration.sdk))
    return refused("sdk_version_denied", `The SDK ${registration.sdk} has a known security problem; upgrade it to v3.54.0 or later.`);
  const url = normalizeAppUrl(registration.url);
  if (url === undefined)
    return refused("unsupported_protocol", `The app's URL ${JSON.stringify(registration.url)} is not an http or https URL.`);
  const checksum = checksumOf(registration);
  const known = engine.registry.appByName(appName);
  if (isSame(known, checksum) && known.error === undefined && engine.registry.isCertain) {
    // Apps that were stored before syncs were kept have none.
    return { kind: "registered", isModified: false, appId: known.id, syncId: known.syncId ?? randomUUID() };
  }
  const parsed = parseAll(registration);
  if (parsed.problems.length > 0)
    return { kind: "refused", code: "config_invalid", message: "At least one function is invalid", problems: parsed.problems };
  let isModified = true;
  let stored: SyncRow | undefined;
  await engine.register(() => {
    const now = engine.clock.now();
    const before = engine.registry.appByName(appName);
    isModified = !isSame(before, checksum);
    const app = appRow({ ...registration, url }, { known: before, checksum, now });
    const functions = isModified ? functionRows(engine, { app, definitions: parsed.definitions, now }) : [];
    stored = successOf(engine, { app, functions, before, origin });
    return { app: { ...app, syncId: stored.id }, functions, removedAppIds: placeholders(engine, url), sync: stored };
  });
  return { kind: "registered", isModified, appId: known?.id ?? uuidOf(appName), syncId: stored?.id ?? randomUUID() };
}

/** Whether an app has registered just this. */
function isSame(known: AppRow | undefined, checksum: string): known is AppRow {
  return known !== undefined && known.checksum === checksum && known.archivedAt === undefined;
}

/**
 * Keeps I4. The app is in error from then on, but for one that workers serve: those that have registered go on, and the one that was
 * refused is told so by its connection.
 */
async function noteRefusal(
  engine: Engine,
  { appName, method }: Registration,
  { origin, error }: { readonly origin: SyncOrigin; readonly error: string },
): Promise<void> {
  const known = engine.registry.appByName(appName);
  if (known === undefined || appName === "" || known.archivedAt !== undefined) return;
  const [last] = await engine.store.history.syncsOfApp(known.id);
  await engine.register(() => {
    const app = engine.registry.appByName(appName);
    if (app === undefined) return undefined;
    const next = method === "serve" ? { ...app, error } : app;
    const sync = failureOf(engine, { app, origin, error });
    return last?.error === sync.error && app.error === next.error ? undefined : { app: next, functions: [], sync };
  });
}

type Parsed = { readonly raw: unknown; readonly definition: FunctionDefinition };

function parseAll({ functions }: Registration): {
  readonly definitions: readonly Parsed[];
  readonly problems: readonly RegistrationProblem[];
} {
  const definitions: Parsed[] = [];
  const problems: RegistrationProblem[] = [];
  for (const raw of functions) {
    const result = parseFunctionConfig(raw);
    if (result.kind === "valid") {
      definitions.push({ raw, definition: result.config });
    } else problems.push(...result.problems);
  }
  const seen = new Set<string>();
  for (const { definition } of definitions) {
    if (seen.has(definition.slug))
      problems.push({ path: "id", code: "config_invalid", message: `${definition.slug}: id is used by two functions of this app` });
    seen.add(definition.slug);
  }
  return { definitions, problems };
}

function appRow(
  registration: Registration,
  { known, checksum, now }: { readonly known: AppRow | undefined; readonly checksum: string; readonly now: number },
): AppRow {
  const { appName, url, sdk, framework, appVersion, method } = registration;
  return {
    id: known?.id ?? uuidOf(appName),
    name: appName,
    url,
    sdk,
    framework,
    method,
    checksum,
    createdAt: known?.createdAt ?? now,
    syncedAt: now,
    ...(appVersion === undefined ? {} : { appVersion }),
    ...(method === "connect" && known?.method === "connect" ? { formerChecksums: formerChecksums(known, checksum) } : {}),
  };
}

function formerChecksums({ checksum, formerChecksums: former = [] }: AppRow, current: string): readonly string[] {
  return [...new Set([checksum, ...former])].filter((known) => known !== current).slice(0, CONNECT_VERSIONS_KEPT_MAX);
}

/** Rows to store: the registered ones, a version up where they were known, and the archived ones. */
function functionRows(
  engine: Engine,
  { app, definitions, now }: { readonly app: AppRow; readonly definitions: readonly Parsed[]; readonly now: number },
): readonly FunctionRow[] {
  const known = new Map(
    engine.registry
      .functions()
      .filter(({ appId }) => appId === app.id)
      .map((row) => [row.slug, row]),
  );
  const taken = new Set(engine.registry.functions().map(({ id }) => id));
  const rows = definitions.map(({ raw, definition }): FunctionRow => {
    const before = known.get(definition.slug);
    known.delete(definition.slug);
    const url = normalizeAppUrl(definition.url) ?? definition.url;
    return {
      id: before?.id ?? freshId(taken, [definition.name + url, `${app.id} ${definition.slug}`]),
      appId: app.id,
      slug: definition.slug,
      name: definition.name,
      version: (before?.version ?? 0) + 1,
      definition: { ...definition, url },
      config: JSON.stringify(raw),
      createdAt: before?.createdAt ?? now,
      ...(before?.paused === undefined ? {} : { paused: before.paused }),
    };
  });
  const gone = [...known.values()].filter(({ archivedAt }) => archivedAt === undefined);
  return [...rows, ...gone.map((row) => ({ ...row, archivedAt: now }))];
}

/** The first id that no other function has: one that only changes its slug is another function, with the same name and URL as before. */
function freshId(taken: Set<string>, [usual, own]: readonly [string, string]): string {
  const id = taken.has(uuidOf(usual)) ? uuidOf(own) : uuidOf(usual);
  taken.add(id);
  return id;
}

/** Apps that were added by this URL before they had a name. */
function placeholders(engine: Engine, url: string): readonly string[] {
  return engine.registry
    .apps()
    .filter((app) => app.name === "" && isSameUrl(app.url, url))
    .map(({ id }) => id);
}

/** Hash of a registration, as `AppRow.checksum` has it. */
export function checksumOf({ functions, url, ...rest }: Registration): string {
  return createHash("sha256")
    .update(JSON.stringify([normalizeAppUrl(url) ?? url, rest.sdk, rest.framework, rest.appVersion ?? "", rest.method, functions]))
    .digest("hex");
}

function isDenied(sdk: string): boolean {
  const match = /^js:v?(\d+)\.(\d+)\.(\d+)/.exec(sdk);
  if (match === null) return false;
  const version = match.slice(1).map(Number);
  return compare(version, DENIED_JS.from) >= 0 && compare(version, DENIED_JS.to) <= 0;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < 3; index++) if (a[index] !== b[index]) return (a[index] ?? 0) - (b[index] ?? 0);
  return 0;
}

function refused(code: string, message: string): RegistrationResult {
  return { kind: "refused", code, message, problems: [] };
}
