/**
 * Why something isn't moving, or why there is no run: a closed catalogue. Dashboard, CLI and API print the same words.
 * Codes are never reused.
 */
export const REASONS = {
  "no-worker-connected": "Held: no worker is connected that has the function.",
  "workers-at-capacity": "Held: all connected workers are busy with as many calls as they take.",
  "waiting-for-worker": "Waiting for a free executor.",
  "concurrency-limit": "Held: as many steps as the concurrency limit allows are in progress.",
  "start-delayed": "The event's timestamp lies in the future; the run starts then.",
  retrying: "The last attempt failed; the next one is scheduled.",
  sleeping: "Sleeping until the time the function asked for.",
  "waiting-for-event": "Waiting for a matching event, or for the timeout.",
  "waiting-for-signal": "Waiting for a signal, or for the timeout.",
  "waiting-for-invoke": "Waiting for the invoked function to finish, or for the timeout.",
  "in-progress": "The app is working on it.",
  "app-unreachable": "The app can't be reached; the call is tried again.",
  "duplicate-event-id": "No run: an event with this id has already started this function within 24 hours.",
  "no-function-matched": "No run: no function is triggered by this event.",
  "expression-false": "No run: the trigger's expression is false for this event.",
  "expression-error": "No run: the trigger's expression failed for this event.",
  "function-archived": "No run: the function is no longer part of its app.",
  "function-unknown": "No run: no function has this id.",
  "function-paused": "No run: the function is paused and drops new events.",
  "function-draining": "No run: the function is being drained and takes no new events.",
  "rate-limit": "No run: as many runs as the rate limit allows were started within its period.",
  "idempotency-key": "No run: an event with the same idempotency key has started this function within 24 hours.",
  singleton: "No run: another run of the function is under way, and only one may be.",
  "schedule-overlap": "No run: the last run of this schedule is still under way.",
  debounced: "Held by the debounce; the last event starts a run when no more come.",
  "debounce-older-event": "No run: the debounce holds an event with a later timestamp.",
  "debounce-superseded": "No run: a later event took its place in the debounce.",
  batched: "Held by the batch; its events start a run together.",
  throttle: "Held: as many runs as the throttle allows were started within its period.",
  "run-concurrency-limit": "Held: as many runs as the limit allows are under way.",
  "held-by-pause": "Held: the function is paused.",
} as const;

export type ReasonCode = keyof typeof REASONS;
