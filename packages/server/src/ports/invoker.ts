/** Calls an app: by HTTP, over a worker's connection, or in the same process. */
import type { RawReply } from "@pawl/engine";

export type AppCall = {
  /** Absolute URL of the step, with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Default `POST`. */
  readonly method?: string;
  /** JSON text; of a durable endpoint, the body of its first request, empty for none. */
  readonly body: string;
  /** Number of the attempt, from 0. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** Resolves when it is known whether what follows from the answer is stored. If it is not, the call is made anew. Never rejects. */
  readonly isStored: Promise<boolean>;
};

/** Nothing was decided: the call is to be made anew, with what is known then. It uses up no attempt. */
export type CallHeld = { readonly kind: "held"; readonly reason: "no-worker-connected" | "worker-lost" };

export interface Invoker {
  /** Resolves with whatever came back, also when nothing did. Rejects only for bugs. */
  call(call: AppCall): Promise<RawReply | CallHeld>;
  close(): Promise<void>;
}
