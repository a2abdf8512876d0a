/** What Pawl adds: pausing functions, operations on many runs, API keys, backups. They belong to the dashboard's API, and take the same bearer. */
import { RUN_STATUSES } from "@pawl/protocol";
import { closed, COUNT, listOf, oneOfTexts, type Operation, ref, text } from "./operation.ts";

const OK = closed({ ok: { type: "boolean" } }, ["ok"]);

export const EXTENSION_OPERATIONS: readonly Operation[] = [
  {
    id: "PauseFunction",
    method: "POST",
    path: "/ui/v1/functions/{slug}/pause",
    tag: "operations",
    summary: "Pause a function",
    body: closed({
      mode: {
        ...oneOfTexts(["hold", "drop", "drain"]),
        description:
          "hold: new runs wait. drop: new events are refused, and runs that have not started wait. drain: new events are refused, what is queued goes on.",
        default: "hold",
      },
    }),
    answer: OK,
    refusals: { 400: "No such mode", 404: "No function has the slug" },
  },
  {
    id: "ResumeFunction",
    method: "POST",
    path: "/ui/v1/functions/{slug}/resume",
    tag: "operations",
    summary: "End the pause of a function",
    answer: OK,
    refusals: { 404: "No function has the slug" },
  },
  {
    id: "ListBulks",
    method: "GET",
    path: "/ui/v1/bulks",
    tag: "operations",
    summary: "Bulk operations, newest first",
    answer: closed({ items: listOf(ref("Bulk")) }, ["items"]),
    refusals: {},
  },
  {
    id: "CreateBulk",
    method: "POST",
    path: "/ui/v1/bulks",
    tag: "operations",
    summary: "Cancel, or run again, every run of a function that matches",
    body: closed(
      {
        kind: oneOfTexts(["cancel", "replay"]),
        functionSlug: text(),
        from: { ...COUNT, description: "Runs queued at or after this instant, milliseconds since 1970." },
        until: { ...COUNT, description: "Runs queued before this instant. Default: now." },
        statuses: listOf(oneOfTexts(RUN_STATUSES)),
        if: text("Expression over `event`, `run`, `output` and `error` that a run must meet."),
        delayMs: { type: "integer", minimum: 0, maximum: 86_400_000, default: 10_000, description: "Time in which it can be undone." },
        perSecond: { type: "integer", minimum: 1, maximum: 100, default: 10, description: "Replays: new runs each second." },
      },
      ["kind", "functionSlug"],
    ),
    isBodyRequired: true,
    answer: ref("Bulk"),
    refusals: { 400: "The body can't be read", 404: "No function has the slug" },
  },
  {
    id: "StopBulk",
    method: "DELETE",
    path: "/ui/v1/bulks/{id}",
    tag: "operations",
    summary: "Undo a bulk operation that has not begun, or stop one that has",
    answer: closed({ result: oneOfTexts(["undone", "stopped"]) }, ["result"]),
    refusals: { 404: "No bulk operation has the id", 409: "It has ended" },
  },
  {
    id: "ListApiKeys",
    method: "GET",
    path: "/ui/v1/keys",
    tag: "operations",
    summary: "API keys, without their secrets",
    answer: closed({ items: listOf(ref("ApiKey")) }, ["items"]),
    refusals: {},
  },
  {
    id: "CreateApiKey",
    method: "POST",
    path: "/ui/v1/keys",
    tag: "operations",
    summary: "Make an API key; its secret is told this once",
    body: closed(
      {
        name: { type: "string", minLength: 1, maxLength: 100 },
        scopes: { ...listOf(oneOfTexts(["events", "read", "write"])), minItems: 1 },
        expiresAt: { ...COUNT, description: "Milliseconds since 1970. Default: never." },
      },
      ["name", "scopes"],
    ),
    isBodyRequired: true,
    answer: closed({ key: ref("ApiKey"), secret: text() }, ["key", "secret"]),
    refusals: { 400: "The body can't be read" },
  },
  {
    id: "RevokeApiKey",
    method: "DELETE",
    path: "/ui/v1/keys/{id}",
    tag: "operations",
    summary: "End an API key",
    answer: OK,
    refusals: { 404: "No API key has the id" },
  },
  {
    id: "MakeBackup",
    method: "POST",
    path: "/ui/v1/backup",
    tag: "operations",
    summary: "The whole database as one SQLite file, as it was when it was asked for; takes the signing key itself",
    answer: { type: "string", format: "binary" },
    answerType: "application/vnd.sqlite3",
    refusals: { 403: "An API key is not enough", 409: "Another backup is under way, or there is no file" },
  },
];
