/**
 * What functions of the suites are written against: the parts that all clients have in common, with loose types, because one source is run
 * by several versions of several clients.
 */
import type { ClientName } from "../harness/client-folder.ts";
import type { Report } from "../harness/app-process.ts";

/** Step tools, as far as the suites use them. */
export type Steps = {
  run<T>(id: string, body: () => T | Promise<T>): Promise<T>;
  sleep(id: string, duration: string | number): Promise<void>;
  sleepUntil(id: string, at: Date | string): Promise<void>;
  waitForEvent(
    id: string,
    options: { readonly event: string; readonly timeout: string | number; readonly if?: string; readonly match?: string },
  ): Promise<EventOf | null>;
  invoke(id: string, options: { readonly function: unknown; readonly data?: unknown; readonly timeout?: string }): Promise<unknown>;
  sendEvent(id: string, payload: unknown): Promise<{ readonly ids: readonly string[] }>;
  fetch(url: string, init?: RequestInit): Promise<Response>;
  readonly ai: {
    infer(id: string, options: { readonly model: unknown; readonly body: Readonly<Record<string, unknown>> }): Promise<unknown>;
    wrap<A extends unknown[], T>(id: string, body: (...input: A) => T | Promise<T>, ...input: A): Promise<T>;
    readonly models: AiModels;
  };
  readonly realtime: { publish(id: string, ...message: readonly unknown[]): Promise<unknown> };
};

/** Models of providers, as all clients make them. */
export type AiModels = Readonly<
  Record<
    "openai" | "anthropic" | "gemini",
    (options: {
      readonly model: string;
      readonly apiKey: string;
      readonly baseUrl: string;
      readonly defaultParameters?: Readonly<Record<string, unknown>>;
    }) => unknown
  >
>;

/** A topic as all clients take it. */
export type TopicOf = { readonly channel: string; readonly topic: string; readonly config: Readonly<Record<never, never>> };

export type Subscription = { readonly channel: string; readonly topics: readonly string[] };

/** Realtime of a client. */
export type RealtimeOf = {
  /** Options of a function that publishes by its context. */
  readonly functionOptions: Readonly<Record<string, unknown>>;
  publish(topic: TopicOf, data: unknown): Promise<unknown>;
  /** Publishes a text while it comes. */
  publishText(topic: TopicOf, text: AsyncIterable<string>): Promise<unknown>;
  /** Publishes by a step of its own. */
  publishStep(step: Steps, message: { readonly id: string; readonly topic: TopicOf; readonly data: unknown }): Promise<unknown>;
  token(options: Subscription): Promise<{ readonly key?: string }>;
  subscribe(options: Subscription & { readonly onMessage: (message: unknown) => void }): Promise<{ close(): void }>;
};

export type EventOf = {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly ts?: number;
};

export type HandlerContext = {
  readonly event: EventOf;
  readonly events: readonly EventOf[];
  readonly step: Steps;
  readonly runId: string;
  readonly attempt: number;
  readonly error?: Error;
  /** 4.x and ours. */
  readonly group?: { parallel<T>(options: { readonly mode: "race" }, body: () => Promise<T>): Promise<T> };
  /** 3.x, with the middleware of its package for Realtime. */
  readonly publish?: (message: { readonly channel: string; readonly topic: string; readonly data: unknown }) => Promise<unknown>;
};

export type Handler = (context: HandlerContext) => unknown;

export type Trigger = { readonly event: string; readonly if?: string } | { readonly cron: string };

export type Kit = {
  readonly client: ClientName;
  /** Defines a function. The object is what `step.invoke` takes. */
  define(
    options: Readonly<Record<string, unknown>> & { readonly id: string },
    triggers: Trigger | readonly Trigger[],
    handler: Handler,
  ): unknown;
  /** The client's own class. */
  readonly NonRetriableError: new (message: string) => Error;
  readonly RetryAfterError: new (message: string, after: number | string | Date) => Error;
  readonly realtime: RealtimeOf;
  /** Tells the process that started the app. */
  report(report: Report): void;
  /** Receives what that process tells. */
  onTold(listener: (message: Report) => void): void;
  /** Sends by the client's own `send`. */
  send(payload: unknown): Promise<{ readonly ids: readonly string[] }>;
};

/** What a functions module exports. */
export type FunctionsModule = {
  readonly APP_ID: string;
  defineFunctions(kit: Kit): void;
};
