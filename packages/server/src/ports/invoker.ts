/** Calls an app: by HTTP, over a worker's connection, or in the same process. */
import type { RawReply } from "@pawl/engine";

export type AppCall = {
  /** Absolute URL of the step, with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
  readonly signal: AbortSignal;
};

export interface Invoker {
  /** Resolves with whatever came back, also when nothing did. Rejects only for bugs. */
  call(call: AppCall): Promise<RawReply>;
  close(): Promise<void>;
}
