/** What GraphQL's mutations do. Spec: wire 12.1. */
import { mergeSessions, type RerunFrom } from "@pawl/engine";
import { isUlid } from "@pawl/protocol";
import { archiveApp } from "../../app/archive-app.ts";
import { isSameUrl, normalizeAppUrl } from "../../app/app-url.ts";
import { syncApp } from "../../app/sync-app.ts";
import { isRecord } from "../../json.ts";
import { parseJson } from "../ui/stored-json.ts";
import { gqlInvalid, gqlNotFound, GqlRefusal } from "./gql-refusal.ts";
import type { GqlRequest } from "./gql-request.ts";
import { appObject } from "./registry-objects.ts";
import { oldRunObject } from "./run-objects.ts";

type Resolver = (args: never, request: GqlRequest) => unknown;

/** Members of `Mutation`. */
export const MUTATIONS: Readonly<Record<string, Resolver>> = {
  createApp: ({ input }: { readonly input: { readonly url: string } }, request: GqlRequest) => createApp(request, input.url),
  updateApp: ({ input }: { readonly input: { readonly id: string; readonly url: string } }, request: GqlRequest) =>
    updateApp(request, input),
  deleteApp: async ({ id }: { readonly id: string }, { context: { engine } }: GqlRequest) => {
    const app = engine.registry.appById(id);
    if (app === undefined || app.archivedAt !== undefined) throw gqlNotFound("app", id);
    await archiveApp(engine, app);
    return id;
  },
  deleteAppByName: async ({ name }: { readonly name: string }, { context: { engine } }: GqlRequest) => {
    const app = engine.registry.appByName(name);
    if (app === undefined || app.archivedAt !== undefined) return false;
    await archiveApp(engine, app);
    return true;
  },
  invokeFunction: (args: InvokeArguments, request: GqlRequest) => invokeFunction(request, args),
  cancelRun: async ({ runID }: { readonly runID: unknown }, request: GqlRequest) => {
    const { engine } = request.context;
    const runId = ulidOf(runID);
    const result = await engine.cancel(runId, "Cancelled through GraphQL.");
    if (result === "ended") throw new GqlRefusal(`Run ${runId} has already ended.`, "run_already_ended");
    const [run] = await engine.store.history.runsByIds([runId]);
    if (run === undefined) throw gqlNotFound("run", runId);
    return oldRunObject(request, run);
  },
  rerun: async ({ runID, fromStep }: { readonly runID: unknown; readonly fromStep?: unknown }, { context }: GqlRequest) => {
    const runId = ulidOf(runID);
    const result = await context.engine.rerun(runId, fromStepOf(fromStep));
    if (result.kind === "no-run") throw gqlNotFound("run", runId);
    if (result.kind !== "created") throw new GqlRefusal(`The run can't be run again from that step: ${result.kind}.`, "invalid_input");
    return result.runId;
  },
};

/** `{ stepID, input }`, where `input` is the text of a JSON array. */
function fromStepOf(value: unknown): RerunFrom | undefined {
  if (!isRecord(value) || typeof value["stepID"] !== "string") return undefined;
  const { stepID: stepId, input } = value;
  if (input === undefined || input === null) return { stepId };
  const parsed = typeof input === "string" ? parseJson(input) : input;
  if (!Array.isArray(parsed)) throw gqlInvalid("fromStep.input must be the text of a JSON array of arguments.");
  return { stepId, input: parsed as readonly unknown[] };
}

type InvokeArguments = {
  readonly functionSlug: string;
  readonly data?: unknown;
  readonly user?: unknown;
  readonly meta?: unknown;
};

/** An app that does not answer is added too, and shows why; it registers when it comes up. */
async function createApp(request: GqlRequest, text: string): Promise<unknown> {
  const { engine, sync } = request.context;
  const url = normalizeAppUrl(text);
  if (url === undefined) throw gqlInvalid(`${text} is not an http or https URL.`);
  const result = await sync.add(url);
  const app = engine.registry.apps().find((candidate) => candidate.archivedAt === undefined && isSameUrl(candidate.url, url));
  if (app !== undefined) return appObject(request, app);
  const why = result.kind === "failed" ? result.code : "it registered under another URL";
  throw new GqlRefusal(`The app at ${url} could not be added: ${why}.`, "app_sync_failed");
}

/** The app registers at its new URL, and is called there from then on; where it does not answer there, it stays where it was. */
async function updateApp(request: GqlRequest, { id, url }: { readonly id: string; readonly url: string }): Promise<unknown> {
  const { context } = request;
  const { registry } = context.engine;
  const app = registry.appById(id);
  if (app === undefined || app.archivedAt !== undefined) throw gqlNotFound("app", id);
  const result = await syncApp(context, app, url);
  if (result.kind === "bad-url") throw gqlInvalid(`${url} is not an http or https URL.`);
  if (result.kind === "failed") throw new GqlRefusal(result.message, "app_sync_failed");
  return appObject(request, registry.appById(id) ?? app);
}

async function invokeFunction({ context: { engine } }: GqlRequest, args: InvokeArguments): Promise<boolean> {
  const { functionSlug, data, user, meta } = args;
  if (engine.registry.invocable(functionSlug) === undefined) throw gqlNotFound("function", functionSlug);
  for (const [name, value] of Object.entries({ data, user, meta }))
    if (value !== undefined && value !== null && !isRecord(value)) throw gqlInvalid(`${name} must be an object.`);
  const payload = { data: data ?? {}, ...(isRecord(user) ? { user } : {}), ...metaOf(meta) };
  await engine.invoke({ target: functionSlug, payload });
  return true;
}

/** Sessions and nothing else. */
function metaOf(meta: unknown): { readonly meta?: unknown } {
  if (!isRecord(meta)) return {};
  const unknown = Object.keys(meta).find((key) => key !== "sessions");
  if (unknown !== undefined) throw gqlInvalid(`meta can hold sessions only, not ${unknown}.`);
  const sessions = mergeSessions(meta);
  if (typeof sessions === "string") throw gqlInvalid(`${sessions}.`);
  return sessions === undefined ? {} : { meta: { sessions } };
}

function ulidOf(value: unknown): string {
  if (typeof value !== "string" || !isUlid(value)) throw gqlInvalid(`${String(value)} is not an id of a run: expected a ULID.`);
  return value;
}
