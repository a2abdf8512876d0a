/**
 * Messages as subscribers get them.
 *
 * Source: wire-protocol 10.3, sdk 20.
 */
import type { Any } from "../json/any.ts";
import type { AnyChannel, ReceivedData } from "./channel.ts";

type Common<Name extends string> = {
  readonly channel: Name;
  readonly runId?: string;
  readonly fnId?: string;
  readonly envId?: string;
  /** When the server took it. */
  readonly createdAt: Date;
  readonly metadata?: Any;
};

/** A published message. */
export type DataMessage<Name extends string = string, Topic extends string = string, Data = Any> = Common<Name> & {
  readonly kind: "data";
  readonly topic: Topic;
  readonly data: Data;
};

/** A text that is published bit by bit: its start, its pieces, its end. */
export type StreamMessage<Name extends string = string, Topic extends string = string> = Common<Name> & {
  readonly kind: "datastream-start" | "chunk" | "datastream-end";
  readonly topic: Topic;
  /** Of a chunk: the piece. Else: the stream's id. */
  readonly data: string;
  readonly streamId: string;
  /** The pieces; the same object in all messages of the stream. */
  readonly stream: ReadableStream<string>;
};

/** What becomes of a run; topic `$run` on the channel of the run's id. */
export type RunMessage<Name extends string = string> = Common<Name> & {
  readonly kind: "run" | "step";
  readonly topic: string;
  readonly data: Any;
};

/** Messages of a channel's topics. */
export type RealtimeMessage<C extends string | AnyChannel = string, T extends string = string> =
  | { [K in T]: DataMessage<NameOf<C>, K, DataOf<C, K>> | StreamMessage<NameOf<C>, K> }[T]
  | RunMessage<NameOf<C>>;

type NameOf<C> = C extends { readonly name: infer Name extends string } ? Name : C extends string ? C : string;
type DataOf<C, K> = C extends { readonly topics: infer Topics } ? (K extends keyof Topics ? ReceivedData<Topics[K]> : Any) : Any;

/** A message before its streams are put together and its data is checked. */
export type RawMessage = {
  readonly kind: "data" | "run" | "step" | "datastream-start" | "chunk" | "datastream-end";
  readonly channel: string;
  readonly topic: string;
  readonly data: unknown;
  readonly createdAt: Date;
  readonly streamId?: string;
  readonly metadata?: unknown;
  readonly runId?: string;
  readonly fnId?: string;
  readonly envId?: string;
};

const KINDS: readonly string[] = ["data", "run", "step", "datastream-start", "chunk", "datastream-end"];

/** Reads a message; undefined for what is none, or none for subscribers (pings and the like). `now`: for messages without a time. */
export function readMessage(text: string, now: number): RawMessage | undefined {
  const wire = parse(text);
  const kind = wire?.["kind"];
  if (wire === undefined || typeof kind !== "string" || !KINDS.includes(kind)) return undefined;
  const createdAt = new Date(typeof wire["created_at"] === "string" ? wire["created_at"] : now);
  const streamId = kind === "chunk" ? wire["stream_id"] : kind.startsWith("datastream") ? wire["data"] : undefined;
  return {
    kind: kind as RawMessage["kind"],
    channel: textOf(wire["channel"]),
    topic: textOf(wire["topic"]),
    data: wire["data"],
    createdAt: Number.isNaN(createdAt.getTime()) ? new Date(now) : createdAt,
    ...(wire["metadata"] === undefined ? {} : { metadata: wire["metadata"] }),
    ...textField("streamId", streamId),
    ...textField("runId", wire["run_id"]),
    ...textField("fnId", wire["fn_id"]),
    ...textField("envId", wire["env_id"]),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function textField<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  return (typeof value === "string" ? { [key]: value } : {}) as { readonly [P in K]?: string };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
