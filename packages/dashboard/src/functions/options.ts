/**
 * The options of a function in words: one line for each that it asks for.
 *
 * O1  A line says what happens, with the numbers as they are in force; expressions stay as written.
 */
import type { UiFunctionOptions } from "@pawl/protocol";
import { formatShort } from "../time/format.ts";

/** One option. `each`: the expression whose values are counted apart. `where`: a condition. `code`: an event or expression it is about. */
export type OptionLine = {
  readonly label: string;
  readonly words: string;
  readonly code?: string;
  readonly each?: string;
  readonly where?: string;
};

/** The lines, in the order in which they take effect. */
export function optionLines(options: UiFunctionOptions): readonly OptionLine[] {
  return [...admissionLines(options), ...startLines(options), ...executionLines(options), ...endLines(options)];
}

/** What decides whether an event starts a run. */
function admissionLines({ rateLimit, idempotency, singleton, debounce, batch }: UiFunctionOptions): readonly OptionLine[] {
  const lines: OptionLine[] = [];
  if (rateLimit !== undefined)
    lines.push(line("Rate limit", `${runs(rateLimit.limit)} in ${formatShort(rateLimit.periodMs)}; other events start none`, rateLimit));
  if (idempotency !== undefined) lines.push({ label: "Idempotency", words: "One run in 24 h", each: idempotency });
  if (debounce !== undefined) lines.push(line("Debounce", debounceWords(debounce), debounce));
  if (batch !== undefined)
    lines.push(line("Batch", `Up to ${batch.sizeMax} events in a run, or those that come within ${formatShort(batch.timeoutMs)}`, batch));
  if (singleton !== undefined) {
    const what = singleton.mode === "skip" ? "new ones are skipped" : "a new one cancels the old one";
    lines.push(line("Singleton", `One run under way; ${what}`, singleton));
  }
  return lines;
}

/** What decides when a run starts. */
function startLines({ throttle, priority, concurrency }: UiFunctionOptions): readonly OptionLine[] {
  const lines: OptionLine[] = [];
  if (throttle !== undefined) {
    const burst = throttle.burst > 0 ? `, and ${throttle.burst} more at once` : "";
    const words = `${throttle.limit} ${throttle.limit === 1 ? "start" : "starts"} in ${formatShort(throttle.periodMs)}${burst}; others wait`;
    lines.push(line("Throttle", words, throttle));
  }
  if (concurrency.run !== undefined)
    lines.push(line("Runs at once", `At most ${concurrency.run.limit} under way; others wait`, concurrency.run));
  if (priority !== undefined) lines.push({ label: "Priority", words: "Ahead of others by the seconds of", code: priority.expression });
  return lines;
}

const SCOPES = { fn: "", env: " across the environment", account: " across the account" } as const;

/** What holds for the steps of a run. */
function executionLines({ concurrency, attemptsMax, retry }: UiFunctionOptions): readonly OptionLine[] {
  const limits = concurrency.step.map((limit) =>
    line("Steps at once", `At most ${limit.limit} in progress${SCOPES[limit.scope]}; others wait`, limit),
  );
  return [...limits, { label: "Retries", words: retryWords({ attemptsMax, retry }) }];
}

/** What ends a run before its time. */
function endLines({ cancelOn, timeouts }: UiFunctionOptions): readonly OptionLine[] {
  const lines: OptionLine[] = cancelOn.map(({ event, condition }) => ({
    label: "Cancelled by",
    words: "",
    code: event,
    ...(condition === undefined ? {} : { where: condition }),
  }));
  if (timeouts.startMs !== undefined)
    lines.push({ label: "Start timeout", words: `Cancelled when it has not started after ${formatShort(timeouts.startMs)}` });
  if (timeouts.finishMs !== undefined)
    lines.push({ label: "Finish timeout", words: `Cancelled when it has not ended ${formatShort(timeouts.finishMs)} after its start` });
  return lines;
}

function debounceWords({ periodMs, timeoutMs }: NonNullable<UiFunctionOptions["debounce"]>): string {
  const latest = timeoutMs === undefined ? "" : `, at the latest ${formatShort(timeoutMs)} after the first`;
  return `A run starts ${formatShort(periodMs)} after the last event${latest}`;
}

function retryWords({ attemptsMax, retry }: { readonly attemptsMax: number; readonly retry: UiFunctionOptions["retry"] }): string {
  const count = attemptsMax - 1;
  if (count === 0) return "None: the first failure is the last";
  const times = `${count} ${count === 1 ? "retry" : "retries"}`;
  if (retry === undefined) return `${times}, after growing delays`;
  if (retry.kind === "constant") return `${times}, ${formatShort(retry.minMs)} after each failure`;
  return `${times}, after ${retry.kind} delays from ${formatShort(retry.minMs)} to ${formatShort(retry.maxMs)}`;
}

type Keyed = { readonly keyExpression?: string; readonly condition?: string };

function line(label: string, words: string, { keyExpression, condition }: Keyed): OptionLine {
  return {
    label,
    words,
    ...(keyExpression === undefined ? {} : { each: keyExpression }),
    ...(condition === undefined ? {} : { where: condition }),
  };
}

function runs(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}
