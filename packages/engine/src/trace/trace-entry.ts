/** Facts that a decision states about what it did. Logs, live views and the simulator's checkers read them; nothing depends on them. */
import type { ReasonCode, RunStatus, StepKind } from "@pawl/protocol";

export type TraceEntry =
  | {
      readonly kind: "event-outcome";
      readonly eventId: string;
      readonly eventName: string;
      readonly functionId: string;
      readonly reason: ReasonCode;
      readonly detail?: string;
    }
  | {
      readonly kind: "run-scheduled";
      readonly runId: string;
      readonly functionId: string;
      readonly eventId: string;
      readonly eventName: string;
      readonly dueAt: number;
    }
  | { readonly kind: "run-started"; readonly runId: string; readonly functionId: string }
  | {
      readonly kind: "run-ended";
      readonly runId: string;
      readonly functionId: string;
      readonly status: RunStatus;
      readonly durationMs: number;
      /** `name: message` of a failure. */
      readonly error?: string;
    }
  | {
      readonly kind: "run-retrying";
      readonly runId: string;
      readonly functionId: string;
      readonly attempt: number;
      readonly dueAt: number;
      readonly error: string;
    }
  | {
      readonly kind: "step-planned" | "step-sleeping" | "step-waiting" | "step-completed" | "step-timed-out";
      readonly runId: string;
      readonly functionId: string;
      readonly stepId: string;
      readonly stepKind: StepKind;
      readonly name: string;
      readonly durationMs?: number;
      readonly until?: number;
    }
  | {
      readonly kind: "step-retrying" | "step-failed";
      readonly runId: string;
      readonly functionId: string;
      readonly stepId: string;
      readonly name: string;
      readonly attempt: number;
      readonly attemptsMax: number;
      readonly error: string;
      readonly dueAt?: number;
    };
