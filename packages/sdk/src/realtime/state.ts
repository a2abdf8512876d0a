/** What a view shows of a subscription. Pure. Source: sdk 20. */
import type { AnyChannel } from "./channel.ts";
import type { RealtimeMessage } from "./message.ts";

/** `idle`: there is no token. `error`: the connection is lost for good. `closed`: the run has ended. */
export type ConnectionStatus = "idle" | "connecting" | "open" | "paused" | "closed" | "error";

/** What messages of the topic `$run` tell; `unknown` before the first. */
export type RunStatus = "unknown" | "running" | "completed" | "failed" | "cancelled";

export type Messages<C extends string | AnyChannel = string, T extends string = string> = {
  /** The newest of each topic. */
  readonly byTopic: { readonly [K in T]?: RealtimeMessage<C, K> };
  /** The newest, oldest first. */
  readonly all: readonly RealtimeMessage<C, T>[];
  readonly last: RealtimeMessage<C, T> | null;
  /** Those that came with the last change. */
  readonly delta: readonly RealtimeMessage<C, T>[];
};

export type RealtimeState<C extends string | AnyChannel = string, T extends string = string> = {
  readonly connectionStatus: ConnectionStatus;
  readonly runStatus: RunStatus;
  readonly isPaused: boolean;
  readonly pauseReason: "hidden" | "disabled" | null;
  readonly messages: Messages<C, T>;
  /** What the run returned. */
  readonly result: unknown;
  /** Why the connection was lost, a message was not valid, or the run failed. */
  readonly error: Error | null;
};

export const EMPTY: RealtimeState = {
  connectionStatus: "idle",
  runStatus: "unknown",
  isPaused: false,
  pauseReason: null,
  messages: { byTopic: {}, all: [], last: null, delta: [] },
  result: undefined,
  error: null,
};

const RUN_STATUSES: Readonly<Record<string, RunStatus>> = {
  RUNNING: "running",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** The state after some messages. `limit`: messages kept. */
export function addMessages(
  state: RealtimeState,
  { delta, limit }: { readonly delta: readonly RealtimeMessage[]; readonly limit: number },
): RealtimeState {
  const all = [...state.messages.all, ...delta];
  const messages = {
    byTopic: { ...state.messages.byTopic, ...Object.fromEntries(delta.map((message) => [message.topic, message])) },
    all: all.length > limit ? all.slice(all.length - limit) : all,
    last: delta.at(-1) ?? state.messages.last,
    delta,
  };
  const next = { ...state, messages, runStatus: delta.map(runStatusOf).findLast((status) => status !== undefined) ?? state.runStatus };
  const end = endOf(delta);
  if (end === undefined) return next;
  const { output, error } = end.data as {
    readonly output?: unknown;
    readonly error?: { readonly name?: string; readonly message?: string };
  };
  return { ...next, result: output, error: next.runStatus === "failed" ? errorOf(error) : next.error };
}

/** The message that tells of a run's end, if there is one. */
export function endOf(messages: readonly RealtimeMessage[]): RealtimeMessage | undefined {
  return messages.findLast(isTerminal);
}

/** Whether the message tells that the run has ended. */
export function isTerminal(message: RealtimeMessage): boolean {
  const status = runStatusOf(message);
  return status !== undefined && status !== "running";
}

function runStatusOf({ kind, data }: RealtimeMessage): RunStatus | undefined {
  if (kind !== "run" || typeof data !== "object" || data === null) return undefined;
  const { status } = data as { readonly status?: unknown };
  return typeof status === "string" ? RUN_STATUSES[status.toUpperCase()] : undefined;
}

function errorOf(error: { readonly name?: string; readonly message?: string } | undefined): Error {
  return Object.assign(new Error(error?.message ?? "The run failed."), error?.name === undefined ? {} : { name: error.name });
}
