/**
 * From texts to messages: reads them, puts streams together, checks data against schemas.
 *
 * I1  Messages leave in the order in which they came, though schemas may take their time.
 * I2  A message that doesn't fit its schema is reported and not delivered.
 */
import { validateStandard } from "../event/standard-schema.ts";
import { type AnyChannel, schemaOf } from "./channel.ts";
import { type RawMessage, readMessage, type RealtimeMessage } from "./message.ts";
import { TextStreams } from "./text-streams.ts";

export type InboxOptions = {
  readonly channel: string | AnyChannel;
  /** Whether data is checked, where the channel has schemas. */
  readonly validate: boolean;
  readonly now: () => number;
  readonly deliver: (message: RealtimeMessage) => void;
  readonly fail: (error: Error) => void;
};

export class Inbox {
  readonly #options: InboxOptions;
  readonly #streams = new TextStreams();
  #pending: Promise<void> | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  take(text: string): void {
    const raw = readMessage(text, this.#options.now());
    if (raw === undefined) return;
    if (this.#pending === undefined && this.#schemaFor(raw) === undefined) return this.#deliver(raw);
    const turn = (this.#pending ?? Promise.resolve()).then(() => this.#check(raw));
    const pending = turn.finally(() => {
      if (this.#pending === pending) this.#pending = undefined;
    });
    this.#pending = pending;
  }

  /** The connection is gone: streams that are open can't go on. */
  interrupt(error: Error): void {
    this.#streams.fail(error);
  }

  #schemaFor({ kind, topic }: RawMessage): ReturnType<typeof schemaOf> {
    const { channel, validate } = this.#options;
    return validate && kind === "data" && typeof channel === "object" ? schemaOf(channel.topics[topic]) : undefined;
  }

  async #check(raw: RawMessage): Promise<void> {
    const schema = this.#schemaFor(raw);
    if (schema === undefined) return this.#deliver(raw);
    try {
      const result = await validateStandard(schema, raw.data);
      if ("value" in result) this.#deliver({ ...raw, data: result.value });
      else this.#options.fail(new Error(`A message of topic "${raw.topic}" doesn't fit its schema: ${result.issues.join("; ")}.`));
    } catch (error) {
      this.#options.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #deliver(raw: RawMessage): void {
    if (raw.kind === "data" || raw.kind === "run" || raw.kind === "step") return this.#options.deliver(raw as RealtimeMessage);
    const stream = this.#streams.take(raw);
    if (stream !== undefined) this.#options.deliver({ ...raw, stream } as RealtimeMessage);
  }
}
