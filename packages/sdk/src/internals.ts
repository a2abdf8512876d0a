/**
 * For tools and engines that call functions without HTTP: the embedded engine, the test kit, workers. Not covered by semantic versioning.
 */
export { executeCall, type CallInput, type Callable } from "./serve/call.ts";
export { httpSave, type CheckpointTarget } from "./serve/checkpoint.ts";
export { completeCall, readCall, requestVersion, type RequestVersion } from "./serve/read-call.ts";
export { App } from "./serve/app.ts";
export type { AppRequest, AppResponse, StreamingResponse } from "./serve/message.ts";
export { Execution, type CheckpointSettings, type ExecutionInput } from "./run/execution.ts";
export { replyOf, type Outcome, type OutcomeReply } from "./run/outcome.ts";
export type { Save, SaveResult } from "./run/checkpointer.ts";
export { FAILURE_SUFFIX, functionConfigs, type RuntimeTarget } from "./function/config.ts";
export { installTransport, fetchTransport, type Transport } from "./client/transport.ts";
export { installDigests, type Digests } from "./client/mac.ts";
export { systemRuntime } from "./client/runtime.ts";
export { serializeError } from "./error/serialize-error.ts";
