/** GraphQL's App and Function. Members that are functions are resolved when they are asked for. */
import type { AppRow, FunctionRow } from "@pawl/engine";
import { configurationOf, triggersOf } from "../rest/function-configuration.ts";
import type { GqlRequest } from "./gql-request.ts";

type GqlObject = Readonly<Record<string, unknown>>;

const NOT_READY = { ready: false, reason: "Not offered by this server." };

/** An App. */
export function appObject(request: GqlRequest, app: AppRow): GqlObject {
  const { registry } = request.context.engine;
  const functions = (): readonly FunctionRow[] =>
    registry.functions().filter(({ appId, archivedAt }) => appId === app.id && archivedAt === undefined);
  const [sdkLanguage = "", sdkVersion = ""] = app.sdk.split(":");
  return {
    id: app.id,
    externalID: app.name,
    name: app.name,
    sdkLanguage,
    sdkVersion: sdkVersion.replace(/^v/, ""),
    framework: app.framework === "" ? null : app.framework,
    url: app.url,
    checksum: app.checksum === "" ? null : app.checksum,
    error: app.error ?? null,
    functions: () => functions().map((row) => functionObject(request, row)),
    method: app.method.toUpperCase(),
    appVersion: app.appVersion ?? null,
    sdkFeatureReadiness: { aiMetadataExtraction: NOT_READY, extendedTraces: NOT_READY },
    connected: app.error === undefined && app.name !== "",
    functionCount: () => functions().length,
    autodiscovered: false,
  };
}

/** A Function. */
export function functionObject(request: GqlRequest, row: FunctionRow): GqlObject {
  const { registry } = request.context.engine;
  const { definition } = row;
  const app = registry.appById(row.appId);
  const failure = registry.functionBySlug(`${row.slug}-failure`);
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    failureHandler: () => (failure === undefined ? null : functionObject(request, failure)),
    config: row.config,
    configuration: () => configurationOf(definition),
    concurrency: definition.concurrency.step.find(({ keyExpression }) => keyExpression === undefined)?.limit ?? 0,
    triggers: () => triggersOf(definition),
    url: definition.url,
    appID: row.appId,
    app: () => (app === undefined ? null : appObject(request, app)),
  };
}
