/**
 * One line for each meaningful change, for the terminal of `pawl dev`: time, glyph, name, short run id, what happened. A step is indented
 * under its run, and the ids of both are in one column.
 *
 * I1  Names and messages come from apps and senders; control characters in them never reach the terminal.
 *
 * Spec: dashboard-and-cli 5.6, 6.8.
 */
import type { TraceEntry } from "@pawl/engine";
import { REASONS } from "@pawl/protocol";
import type { Style } from "./style.ts";

export type LineContext = {
  readonly style: Style;
  /** Slug of a function. */
  readonly slugOf: (functionId: string) => string;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Columns of a run's name, and of a step's with its indent. Longer names move what follows. */
const NAME_WIDTH = 30;

type Row = { readonly glyph: string; readonly name: string; readonly runId: string; readonly rest: string; readonly isStep: boolean };

type StepEntry = Extract<TraceEntry, { readonly stepId: string }>;
type OutcomeEntry = Extract<TraceEntry, { readonly kind: "event-outcome" }>;

/** The line of a trace entry; undefined for what is no news. */
export function traceLine(entry: TraceEntry, context: LineContext): string | undefined {
  const { style, now } = context;
  if (entry.kind === "event-outcome") return `${style.dim(clockOf(now))}  ${outcomeText(entry, context)}`;
  const row = "stepId" in entry ? stepRow(entry, context) : runRow(entry, context);
  if (row === undefined) return undefined;
  const indent = row.isStep ? "  " : "";
  const name = printable(row.name).padEnd(NAME_WIDTH - indent.length);
  return `${style.dim(clockOf(now))}  ${indent}${row.glyph} ${name}  ${style.dim(shortId(row.runId))}  ${row.rest}`;
}

function outcomeText({ eventName, functionId, reason, detail }: OutcomeEntry, { style, slugOf }: LineContext): string {
  const target = functionId === "" ? "" : ` ${style.dim("→")} ${printable(slugOf(functionId))}`;
  const why = `${REASONS[reason]}${detail === undefined ? "" : ` (${printable(detail)})`}`;
  return `${style.dim("·")} ${printable(eventName)}${target}  ${style.dim(why)}`;
}

function runRow(entry: Exclude<TraceEntry, StepEntry | OutcomeEntry>, { style, slugOf, now }: LineContext): Row | undefined {
  const row = { name: slugOf(entry.functionId), runId: entry.runId, isStep: false };
  switch (entry.kind) {
    case "run-started":
      return undefined;
    case "run-scheduled":
      return { ...row, glyph: style.blue("→"), rest: style.dim(printable(entry.eventName)) };
    case "run-retrying":
      return {
        ...row,
        glyph: style.yellow("↻"),
        rest: `${printable(entry.error)}  ${style.dim(`next try in ${duration(entry.dueAt - now)}`)}`,
      };
    case "run-ended": {
      const glyphs: Partial<Record<string, string>> = { COMPLETED: style.cyan("✓"), FAILED: style.red("✕"), CANCELLED: style.dim("⊘") };
      const error = entry.error === undefined ? "" : `  ${style.red(printable(entry.error))}`;
      return { ...row, glyph: glyphs[entry.status] ?? style.dim("·"), rest: `${duration(entry.durationMs)}${error}` };
    }
  }
}

function stepRow(entry: StepEntry, { style, now }: LineContext): Row | undefined {
  const row = { name: entry.name, runId: entry.runId, isStep: true };
  switch (entry.kind) {
    case "step-planned":
      return undefined;
    case "step-completed":
      return { ...row, glyph: style.cyan("✓"), rest: style.dim(duration(entry.durationMs ?? 0)) };
    case "step-timed-out":
      return { ...row, glyph: style.yellow("◷"), rest: style.dim("timed out") };
    case "step-sleeping":
      return { ...row, glyph: style.magenta("◦"), rest: style.dim(`sleeps for ${duration((entry.until ?? now) - now)}`) };
    case "step-waiting":
      return { ...row, glyph: style.magenta("◦"), rest: style.dim(`waits for ${duration((entry.until ?? now) - now)} at most`) };
    case "step-retrying": {
      const next = style.dim(`attempt ${entry.attempt}/${entry.attemptsMax}, next in ${duration((entry.dueAt ?? now) - now)}`);
      return { ...row, glyph: style.yellow("↻"), rest: `${printable(entry.error)}  ${next}` };
    }
    case "step-failed":
      return { ...row, glyph: style.red("✕"), rest: style.red(printable(entry.error)) };
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

/** Text on one line, without control characters. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
}

function shortId(id: string): string {
  return `${id.slice(0, 3)}…${id.slice(-4)}`;
}

function clockOf(now: number): string {
  return new Date(now).toTimeString().slice(0, 8) + `.${String(now % 1_000).padStart(3, "0")}`;
}
