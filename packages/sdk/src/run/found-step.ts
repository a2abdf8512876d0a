/** A step that the function has reached in the current call. */
import { StepError } from "../error/errors.ts";
import type { StepRequest } from "../step/create-tools.ts";
import type { Memo } from "./memo.ts";

/** Identity within the run: hash of the effective id, and how often the id was used before. */
export type StepIdentity = { readonly hash: string; readonly index: number };

export class FoundStep {
  readonly request: StepRequest;
  readonly hash: string;
  readonly index: number;
  /** Arguments for the step's code: those of the call, or the ones that the server put in their place. */
  readonly input: readonly unknown[] | undefined;
  readonly memo: Memo | undefined;
  readonly promise: Promise<unknown>;
  private fulfil!: (value: unknown) => void;
  private reject!: (error: unknown) => void;

  constructor(request: StepRequest, identity: StepIdentity, memo: Memo | undefined) {
    this.request = request;
    this.hash = identity.hash;
    this.index = identity.index;
    this.memo = memo;
    this.input = memo?.kind === "input" ? memo.input : request.input;
    this.promise = new Promise((resolve, reject) => {
      this.fulfil = resolve;
      this.reject = reject;
    });
  }

  /** True when the server has a result. */
  get isFinished(): boolean {
    return this.memo !== undefined && this.memo.kind !== "input";
  }

  /** Lets the function go on with a result. */
  resolve(value: unknown): void {
    const { restore } = this.request;
    this.fulfil(restore === undefined ? value : restore(value));
  }

  /** Gives the stored result back. */
  settleFromMemo(): void {
    if (this.memo?.kind === "data") {
      this.resolve(this.memo.value);
    } else if (this.memo?.kind === "error") {
      // A step that nobody awaits must not take the process down.
      this.promise.catch(() => {});
      this.reject(new StepError(this.request.id, this.memo.error));
    }
  }
}
