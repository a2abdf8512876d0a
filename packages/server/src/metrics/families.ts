/**
 * Names of the metrics, and where their values come from. A label `function` or `fn` is a function's slug.
 *
 * `inngest_*`: the names that dashboards for the reference use. Departure: `inngest_queue_depth` counts what is due and not what sleeps, so
 * that it can be scaled by; and all of them are there without a switch.
 *
 * Spec: semantics 11.7.
 */
import type { Queue } from "../core/queue.ts";
import type { Backlog } from "./backlog.ts";
import type { Family, Labels, Sample } from "./exposition.ts";
import type { Histogram } from "./histogram.ts";
import type { FunctionMeter, Meters } from "./meters.ts";

type SlugOf = (functionId: string) => string;

export type State = {
  readonly sizes: ReturnType<Queue["sizes"]>;
  readonly workersConnected: number;
  /** Absent where the store did not answer. */
  readonly backlog?: Backlog;
};

/** What is now. */
export function stateFamilies({ sizes, workersConnected, backlog }: State, slugOf: SlugOf): readonly Family[] {
  const functions = [...(backlog?.functions ?? [])].map(([id, counts]) => ({ name: slugOf(id), ...counts }));
  const depth = functions.reduce((sum, { starts, underway }) => sum + starts + underway, 0);
  const backlogs = functions.flatMap(({ name, starts, underway }) => [
    { labels: { function: name, kind: "start" }, value: starts },
    { labels: { function: name, kind: "underway" }, value: underway },
  ]);
  const held = [...(backlog?.held ?? [])].map(([reason, value]): Sample => ({ labels: { reason }, value }));
  return [
    gauge("inngest_queue_depth", "Items that are due and not done, those in progress among them.", only(backlog && depth)),
    gauge("pawl_backlog_items", "Due items by function: first calls of runs, and items of runs under way.", backlogs),
    gauge("pawl_held_items", "Due items that a limit or a pause holds back, by reason.", held),
    gauge("pawl_items_in_progress", "Calls and decisions in progress.", only(sizes.inProgress)),
    gauge("pawl_queue_memory_items", "Items that the queue has in memory.", only(sizes.items)),
    gauge("pawl_queue_memory_lanes", "Lanes that the queue has in memory.", only(sizes.lanes)),
    gauge("pawl_workers_connected", "Workers that are connected.", only(workersConnected)),
  ];
}

/** What has happened since the start of the process. */
export function countFamilies(meters: Meters, slugOf: SlugOf): readonly Family[] {
  const rows = [...meters.functions].map(([id, meter]) => ({ name: id === "" ? "" : slugOf(id), meter }));
  return [...runFamilies(rows), ...callFamilies(rows), ...eventFamilies(meters), ...commitFamilies(meters), ...referenceFamilies(rows)];
}

/** Runs whose traces were exported, and that were not. */
export type TraceCounts = { readonly exported: number; readonly dropped: number };

/** None where traces are not exported. */
export function traceFamilies(counts: TraceCounts | undefined): readonly Family[] {
  if (counts === undefined) return [];
  const results = Object.entries({ exported: counts.exported, dropped: counts.dropped });
  const samples = results.map(([result, value]): Sample => ({ labels: { result }, value }));
  return [counter("pawl_traces_total", "Runs whose traces were exported, or dropped because the collector failed.", samples)];
}

type Rows = readonly { readonly name: string; readonly meter: FunctionMeter }[];

function runFamilies(rows: Rows): readonly Family[] {
  const label = "function";
  return [
    counter("pawl_runs_scheduled_total", "Runs created.", each(rows, { label, value: (meter) => meter.runsScheduled })),
    counter("pawl_runs_started_total", "Runs whose first call was made.", each(rows, { label, value: (meter) => meter.runsStarted })),
    counter("pawl_runs_ended_total", "Runs ended, by status.", each(rows, { label, by: "status", values: (meter) => meter.runsEnded })),
    counter(
      "pawl_steps_ended_total",
      "Steps ended, by outcome.",
      each(rows, { label, by: "outcome", values: (meter) => meter.stepsEnded }),
    ),
    counter("pawl_retries_total", "Attempts that failed and are repeated.", each(rows, { label, value: (meter) => meter.retries })),
  ];
}

function callFamilies(rows: Rows): readonly Family[] {
  const label = "function";
  const spread = (pick: (meter: FunctionMeter) => Histogram): readonly Sample[] =>
    rows.flatMap(({ name, meter }) => pick(meter).samples({ function: name }));
  return [
    counter("pawl_calls_total", "Calls ended, by outcome.", each(rows, { label, by: "outcome", values: (meter) => meter.callsEnded })),
    counter(
      "pawl_calls_held_total",
      "Calls put off because no worker took them.",
      each(rows, { label, value: (meter) => meter.callsHeld }),
    ),
    histogram(
      "pawl_call_seconds",
      "Duration of calls.",
      spread((meter) => meter.callSeconds),
    ),
    histogram(
      "pawl_start_latency_seconds",
      "From when a run was due to its first call.",
      spread((meter) => meter.startSeconds),
    ),
  ];
}

function eventFamilies({ eventsSent, eventsMade, outcomes }: Meters): readonly Family[] {
  return [
    counter("pawl_events_total", "Events stored: sent by others, or made by the server.", [
      { labels: { source: "sent" }, value: eventsSent },
      { labels: { source: "server" }, value: eventsMade },
    ]),
    counter(
      "pawl_event_outcomes_total",
      "Events that did not start a function, or not at once, by reason.",
      [...outcomes].map(([reason, value]) => ({ labels: { reason }, value })),
    ),
  ];
}

function commitFamilies({ commits, conflicts, commitFailures, commitSeconds }: Meters): readonly Family[] {
  return [
    counter("pawl_commits_total", "Decisions that were committed, came too late, or failed with the store.", [
      { labels: { result: "applied" }, value: commits },
      { labels: { result: "conflict" }, value: conflicts },
      { labels: { result: "failed" }, value: commitFailures },
    ]),
    histogram("pawl_commit_seconds", "From handing a decision to the store until it is durable.", commitSeconds.samples()),
  ];
}

/** The same numbers under the names of the reference. */
function referenceFamilies(rows: Rows): readonly Family[] {
  const label = "fn";
  const run = "inngest_function_run";
  const request = "inngest_sdk_req";
  return [
    counter(`${run}_scheduled_total`, "Runs created.", each(rows, { label, value: (meter) => meter.runsScheduled })),
    counter(`${run}_started_total`, "Runs started.", each(rows, { label, value: (meter) => meter.runsStarted })),
    counter(`${run}_ended_total`, "Runs ended, by status.", each(rows, { label, by: "status", values: (meter) => meter.runsEnded })),
    counter(`${request}_scheduled_total`, "Calls scheduled.", each(rows, { label, value: (meter) => meter.callsScheduled })),
    counter(`${request}_started_total`, "Calls begun.", each(rows, { label, value: (meter) => meter.callsStarted })),
    counter(`${request}_ended_total`, "Calls ended, by status.", each(rows, { label, by: "status", values: requestsEnded })),
  ];
}

type Pick =
  | { readonly label: "function" | "fn"; readonly value: (meter: FunctionMeter) => number }
  | { readonly label: "function" | "fn"; readonly by: string; readonly values: (meter: FunctionMeter) => Counts };

/** A line for each function, or for each of its counts. */
function each(rows: Rows, pick: Pick): readonly Sample[] {
  if ("value" in pick) return rows.map(({ name, meter }) => ({ labels: { [pick.label]: name }, value: pick.value(meter) }));
  return rows.flatMap(({ name, meter }) =>
    Object.entries(pick.values(meter)).map(([key, value]) => ({ labels: { [pick.label]: name, [pick.by]: key }, value })),
  );
}

type Counts = Readonly<Record<string, number>>;

function requestsEnded({ callsEnded }: FunctionMeter): Counts {
  return { completed: callsEnded.ok, failed: callsEnded.error + callsEnded.unreachable };
}

/** The process, with the names that Prometheus clients use. */
export function processFamilies({ version, storeKind }: { readonly version: string; readonly storeKind: string }): readonly Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return [
    gauge("pawl_build_info", "Always 1.", [{ labels: { version, store: storeKind }, value: 1 }]),
    counter("process_cpu_seconds_total", "CPU time.", only((user + system) / 1_000_000)),
    gauge("process_resident_memory_bytes", "Memory in RAM.", only(rss)),
    gauge("process_start_time_seconds", "Start, seconds since 1970.", only(performance.timeOrigin / 1_000)),
    gauge("nodejs_heap_size_used_bytes", "Heap in use.", only(heapUsed)),
    counter(
      "pawl_event_loop_busy_seconds_total",
      "Time in which the event loop had work; a rate near 1 means that the process is at its limit.",
      only(performance.eventLoopUtilization().active / 1_000),
    ),
  ];
}

function only(value: number | undefined, labels?: Labels): readonly Sample[] {
  if (value === undefined) return [];
  return labels === undefined ? [{ value }] : [{ value, labels }];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "gauge", samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "counter", samples };
}

function histogram(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "histogram", samples };
}
