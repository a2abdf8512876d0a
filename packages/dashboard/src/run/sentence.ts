/**
 * The sentence that answers what became of a run; also the title of its page and the first line of its summary.
 *
 * Spec: dashboard 3.1, 3.5, 6.7.
 */
import type { UiRunDetail, UiSpan } from "@pawl/protocol";
import { clauseOf } from "../reason/model.ts";
import { wordOf } from "../status/words.ts";
import { formatAgo, formatDuration } from "../time/format.ts";

/** One sentence about a run, as of `now`. */
export function headlineOf(detail: UiRunDetail, now: number): string {
  const { run } = detail;
  const name = run.functionName;
  const tookMs = (run.endedAt ?? now) - (run.startedAt ?? run.queuedAt);
  switch (run.phase) {
    case "completed":
      return `${name} completed in ${formatDuration(tookMs)}.`;
    case "failed":
      return `${name} failed${failedWhere(detail)}.`;
    case "cancelled":
      return `${name} was cancelled after ${formatDuration(tookMs)}.`;
    case "skipped":
      return `${name} was skipped${because(run)}.`;
    case "running":
      return `${name} is running${namesOf(openSpans(detail, "running"), " ")}.`;
    case "waiting":
      return `${name} is waiting${waitsFor(openSpans(detail, "waiting"))}.`;
    case "retrying":
      return `${name} tries${namesOf(openSpans(detail, "retrying"), " ")} again${retryWhen(detail, now)}.`;
    case "queued":
    case "held":
    case "paused":
      return `${name} is ${run.phase}${because(run)}.`;
  }
}

/** The step whose panel answers the first question: the one that failed, else the one that is retried. */
export function spanInFocus(detail: UiRunDetail): UiSpan | undefined {
  if (detail.run.phase === "failed") return failedSpan(detail);
  return detail.run.phase === "retrying" ? openSpans(detail, "retrying")[0] : undefined;
}

/** The run in Markdown, for a chat or an issue. */
export function summaryOf(detail: UiRunDetail, facts: { readonly now: number; readonly url: string }): string {
  const { run, error } = detail;
  const lines = [
    `**${headlineOf(detail, facts.now)}**`,
    "",
    `- run \`${run.id}\` of \`${run.functionSlug}\` (app ${run.appName}, version ${run.functionVersion})`,
    `- triggered by \`${run.eventName}\` (\`${run.eventId}\`) ${new Date(run.queuedAt).toISOString()}`,
    `- ${wordOf(run.status)}, ${run.stepsDone} steps done`,
    `- ${facts.url}`,
  ];
  if (error !== undefined) lines.push("", "```", `${error.name}: ${error.message}`, ...(error.stack?.split("\n").slice(1, 8) ?? []), "```");
  return lines.join("\n");
}

function failedSpan(detail: UiRunDetail): UiSpan | undefined {
  return (
    detail.spans.findLast((span) => span.status === "failed" && span.kind !== "function") ??
    detail.spans.find((span) => span.status === "failed")
  );
}

function failedWhere(detail: UiRunDetail): string {
  const span = failedSpan(detail);
  if (span === undefined) return "";
  const count = span.attempts.length;
  const attempts = count > 1 ? ` after ${count} attempts` : "";
  return span.kind === "function" ? `${attempts} in its own code` : `${attempts} in step “${span.name}”`;
}

function openSpans(detail: UiRunDetail, status: UiSpan["status"]): readonly UiSpan[] {
  return detail.spans.filter((span) => span.status === status && span.kind !== "function");
}

function namesOf(spans: readonly UiSpan[], prefix: string): string {
  const [first] = spans;
  if (first === undefined) return "";
  return spans.length === 1 ? `${prefix}step “${first.name}”` : `${prefix}${spans.length} steps`;
}

function waitsFor(spans: readonly UiSpan[]): string {
  const [first] = spans;
  if (first === undefined) return "";
  if (spans.length > 1) return ` in ${spans.length} steps`;
  if (first.kind === "sleep") return ` until the sleep “${first.name}” ends`;
  if (first.invoke !== undefined) return ` for ${first.invoke.functionSlug} to finish`;
  if (first.wait?.eventName !== undefined) return ` for the event ${first.wait.eventName}`;
  if (first.wait?.signal !== undefined) return ` for the signal ${first.wait.signal}`;
  return ` in step “${first.name}”`;
}

function retryWhen(detail: UiRunDetail, now: number): string {
  const at = detail.run.reason?.until ?? openSpans(detail, "retrying")[0]?.attempts.at(-1)?.retryAt;
  if (at === undefined) return "";
  return at <= now ? " now" : ` ${formatAgo(at, now)}`;
}

function because({ reason }: UiRunDetail["run"]): string {
  return reason === undefined ? "" : `: ${clauseOf(reason.code)}`;
}
