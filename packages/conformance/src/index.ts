export { AppProcess, startAppProcess, type AppSetup, type Report } from "./harness/app-process.ts";
export { Child, freePort, within } from "./harness/child.ts";
export { CLIENTS, installClient, type ClientName } from "./harness/client-folder.ts";
export { http, jsonOf, type HttpAnswer, type HttpCall } from "./harness/http.ts";
export { sendEvents, type TestEvent } from "./harness/send-events.ts";
export { EVENT_KEY, isBuilt, SIGNING_KEY, startServerProcess, type ServerProcess, type ServerSetup } from "./harness/server-process.ts";
export type { FunctionsModule, Handler, HandlerContext, Kit } from "./app/kit.ts";
