/** One line for each meaningful change, for the terminal of `pawl dev`. Spec: dashboard-and-cli 5.6. */
import type { TraceEntry } from "@pawl/engine";
import { REASONS } from "@pawl/protocol";
import type { Style } from "./style.ts";

export type LineContext = {
  readonly style: Style;
  /** Slug of a function. */
  readonly slugOf: (functionId: string) => string;
  readonly now: number;
};

const SLUG_WIDTH = 28;

/** The line of a trace entry; undefined for what is no news. */
export function traceLine(entry: TraceEntry, context: LineContext): string | undefined {
  const text = entryText(entry, context);
  return text === undefined ? undefined : `${context.style.dim(clockOf(context.now))}  ${text}`;
}

function entryText(entry: TraceEntry, { style, slugOf, now }: LineContext): string | undefined {
  switch (entry.kind) {
    case "run-scheduled":
      return `${entry.eventName} ${style.dim("→")} ${slugOf(entry.functionId)}  ${style.dim(shortId(entry.runId))}`;
    case "run-ended": {
      const glyph = { COMPLETED: style.green("✓"), FAILED: style.red("✕"), CANCELLED: style.dim("⊘") }[entry.status as "COMPLETED"] ?? "·";
      return `${glyph} ${slugOf(entry.functionId).padEnd(SLUG_WIDTH)}  ${style.dim(shortId(entry.runId))}  ${duration(entry.durationMs)}${entry.error === undefined ? "" : `  ${style.red(entry.error)}`}`;
    }
    case "run-retrying":
      return `${style.yellow("↻")} ${slugOf(entry.functionId).padEnd(SLUG_WIDTH)}  ${style.dim(shortId(entry.runId))}  ${entry.error}  ${style.dim(`next try in ${duration(entry.dueAt - now)}`)}`;
    case "step-completed":
      return `  ${style.green("✓")} ${entry.name}  ${style.dim(`${shortId(entry.runId)}  ${duration(entry.durationMs ?? 0)}`)}`;
    case "step-timed-out":
      return `  ${style.yellow("◷")} ${entry.name}  ${style.dim(`${shortId(entry.runId)}  timed out`)}`;
    case "step-sleeping":
    case "step-waiting":
      return `  ${style.blue("◦")} ${entry.name}  ${style.dim(`${shortId(entry.runId)}  ${entry.kind === "step-sleeping" ? "sleeps" : "waits"} for ${duration((entry.until ?? now) - now)}`)}`;
    case "step-retrying":
      return `  ${style.yellow("↻")} ${entry.name}  ${style.dim(shortId(entry.runId))}  ${entry.error}  ${style.dim(`attempt ${entry.attempt}/${entry.attemptsMax}, next in ${duration((entry.dueAt ?? now) - now)}`)}`;
    case "step-failed":
      return `  ${style.red("✕")} ${entry.name}  ${style.dim(shortId(entry.runId))}  ${style.red(entry.error)}`;
    case "event-outcome":
      return `${entry.eventName} ${style.dim("→")} ${slugOf(entry.functionId)}  ${style.dim(`${REASONS[entry.reason]}${entry.detail === undefined ? "" : ` (${entry.detail})`}`)}`;
    default:
      return undefined;
  }
}

/** `84 ms`, `1.2 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}

function shortId(id: string): string {
  return `${id.slice(0, 3)}…${id.slice(-4)}`;
}

function clockOf(now: number): string {
  return new Date(now).toTimeString().slice(0, 8) + `.${String(now % 1_000).padStart(3, "0")}`;
}
