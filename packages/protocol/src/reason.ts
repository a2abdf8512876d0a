/**
 * Why something isn't moving, or why there is no run: a closed catalogue. Dashboard, CLI and API print the same words.
 * Codes are never reused.
 */
export const REASONS = {
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
} as const;

export type ReasonCode = keyof typeof REASONS;
