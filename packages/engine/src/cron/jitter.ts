/** How long after its tick a schedule's run starts. Spec: semantics 2.5. */
import { CRON_JITTER_MS_MIN, hashStepId } from "@pawl/protocol";

/** Delay in milliseconds, from 1 s up to `jitterMs`: always the same for the same id. */
export function jitterOf(id: string, jitterMs: number): number {
  const range = jitterMs - CRON_JITTER_MS_MIN;
  return range <= 0 ? CRON_JITTER_MS_MIN : CRON_JITTER_MS_MIN + (Number.parseInt(hashStepId(id).slice(0, 8), 16) % range);
}
