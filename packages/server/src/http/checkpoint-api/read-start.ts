/** Reading the report that an app has begun a run of a durable endpoint. Spec: wire 7.4. */
import { decodeOps } from "@pawl/engine";
import { isUlid, RETRIES_DEFAULT, RETRIES_MAX, ULID_TIME_MAX, type WireOp } from "@pawl/protocol";
import { endpointUrl } from "../../core/endpoint-call.ts";
import type { SyncStart } from "../../core/sync-runs.ts";
import { given, isRecord, textOf } from "../../json.ts";

/** The newest: SDKs refuse to be called with 0. */
const REQUEST_VERSION_DEFAULT = 2;
const NAME_CHARS_MAX = 512;

export type StartReport = { readonly start: SyncStart; readonly ops: readonly WireOp[] };

/** The report, or what is wrong with it. `sdk`: name and version of the sender. */
export function readStart(body: unknown, sdk: string): StartReport | { readonly problem: string } {
  if (!isRecord(body)) return { problem: "the body isn't a JSON object" };
  const { run_id: runId, event, steps, idempotency } = body;
  if (typeof runId !== "string" || !isUlid(runId)) return { problem: "run_id isn't a ULID" };
  if (!isRecord(event) || !isRecord(event["data"])) return { problem: "event has no data that describes the request" };
  const data = event["data"];
  const domain = textOf(data["domain"]);
  const method = textOf(data["method"], "GET").toUpperCase();
  const path = textOf(data["path"], "/");
  const url = endpointUrl(domain, path);
  if (url === undefined) return { problem: `event.data.domain ${JSON.stringify(data["domain"])} isn't an http or https URL` };
  const slug = textOf(data["fn"]) || `${method} ${path}`;
  if (slug.length > NAME_CHARS_MAX || textOf(idempotency).length > NAME_CHARS_MAX)
    return { problem: `event.data.fn and idempotency may have at most ${NAME_CHARS_MAX} characters` };
  const decoded = decodeOps(steps ?? []);
  if ("problem" in decoded) return decoded;
  const start: SyncStart = {
    runId,
    domain,
    slug,
    sdk,
    url: url.href,
    requestVersion: integerOf(body["request_version"], { from: 1, to: 1_000 }) ?? REQUEST_VERSION_DEFAULT,
    attemptsMax: (integerOf(body["retries"], { from: 0, to: RETRIES_MAX }) ?? RETRIES_DEFAULT) + 1,
    ...given("idempotencyKey", textOf(idempotency) || undefined),
    event: {
      data: { ...data, method, ...given("body", bodyOf(data["body"], sdk)) },
      ...given("id", textOf(event["id"]) || undefined),
      ...given("ts", integerOf(event["ts"], { from: 1, to: ULID_TIME_MAX })),
    },
  };
  return { start, ops: decoded.ops };
}

/** Go writes bytes, and so base64; others write the text. */
function bodyOf(body: unknown, sdk: string): string | undefined {
  if (typeof body !== "string") return undefined;
  return /^(inngest-)?go:/.test(sdk) ? Buffer.from(body, "base64").toString("utf8") : body;
}

/** A number within bounds; one above them counts as the greatest. Undefined for anything else. */
function integerOf(value: unknown, { from, to }: { readonly from: number; readonly to: number }): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= from ? Math.min(value, to) : undefined;
}
