/**
 * Names of the HTTP headers and query parameters of the wire protocol, in lower case.
 *
 * Source: wire-protocol section 2.
 */
export const HEADER = {
  /** Server to app: MAC of the request. App to server: MAC of the response. `t=<unix seconds>&s=<hex>`. */
  signature: "x-inngest-signature",
  /** App to server, required: `<language>:v<version>`. A success without it does not count. */
  sdk: "x-inngest-sdk",
  /** App to server: `true` on every response that an SDK wrote, even an unauthenticated one. */
  sdkHandled: "x-inngest-sdk-handled",
  /** Server: `dev` or `cloud`. */
  serverKind: "x-inngest-server-kind",
  /** App to server at registration: the server kind seen on the PUT that caused it. */
  expectedServerKind: "x-inngest-expected-server-kind",
  /** `in_band` or `out_of_band`. */
  syncKind: "x-inngest-sync-kind",
  /** Request version of the run: `-1` until the app has chosen, then `1` or `2`. */
  reqVersion: "x-inngest-req-version",
  runId: "x-run-id",
  /** ULID of one outbound call. */
  requestId: "x-request-id",
  /** Dispatch generation, decimal; absent when 0. */
  generationId: "x-inngest-generation-id",
  /** Stable id of the queue item. */
  jobId: "x-inngest-job-id",
  /** Same value as the query parameter `stepId`. */
  stepId: "x-inngest-step-id",
  /** App to server: `true` means do not retry, anything else means retry. */
  noRetry: "x-inngest-no-retry",
  /** App to server: seconds or a date. */
  retryAfter: "retry-after",
  env: "x-inngest-env",
  framework: "x-inngest-framework",
  platform: "x-inngest-platform",
  /** Sender to the Event API: `<unix ms>,<base64 of 10 bytes>`; makes repeated requests yield the same ids. */
  eventIdSeed: "x-inngest-event-id-seed",
  /** Re-entry of a durable endpoint: `true` when immediate execution is disabled. */
  forceStepPlan: "x-inngest-force-step-plan",
  accountId: "account-id",
  authorization: "authorization",
  contentType: "content-type",
  userAgent: "user-agent",
  serverTiming: "server-timing",
  traceparent: "traceparent",
  tracestate: "tracestate",
} as const;

/** Query parameters of the app's URL. */
export const QUERY = {
  /** Slug of the function. */
  functionSlug: "fnId",
  /** `step` for discovery, else the hash of the step to run. */
  stepId: "stepId",
  probe: "probe",
  deployId: "deployId",
} as const;

/** Value of `stepId` that asks for discovery instead of one particular step. */
export const DISCOVERY_STEP_ID = "step";

/** What a server says it is. */
export type ServerKind = "dev" | "cloud";

/** Who sends the functions: the app's response (`in_band`) or a request of its own (`out_of_band`). */
export type SyncKind = "in_band" | "out_of_band";
