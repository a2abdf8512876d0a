/** An app of durable endpoints that is killed in the middle: each step that runs is reported, and one of them waits to be killed. */
import { createServer } from "node:http";
import { Pawl } from "pawl";
import { endpointAdapter, serveEndpoint } from "pawl/node";
import type { Report } from "../harness/app-process.ts";
import { EVENT_KEY, SIGNING_KEY } from "../harness/server-process.ts";

const report = (message: Report): void => void process.send?.(message);
/** The first process hangs in the fatal step, until it is killed. */
const isFatal = process.env["PAWL_APP_FATAL"] === "1";
const client = new Pawl({
  id: "shop",
  endpointAdapter,
  baseUrl: process.env["PAWL_APP_SERVER"] ?? "",
  eventKey: EVENT_KEY,
  signingKey: SIGNING_KEY,
  isDev: false,
});

/** A run of this process has come to the step. */
async function fatal(step: string): Promise<string> {
  report({ kind: "body", step });
  if (isFatal) await new Promise<never>(() => {});
  return step;
}

const body = (step: string): string => {
  report({ kind: "body", step });
  return step;
};

const during = client.endpoint(async (_request, { step, runId }) => {
  report({ kind: "run", runId });
  const a = await step.run("a", () => body("a"));
  return Response.json([a, await step.run("fatal", () => fatal("fatal"))]);
});

const later = client.endpoint(async (_request, { step }) => {
  const a = await step.run("a", () => body("a"));
  await step.sleep("z", "1s");
  const b = await step.run("fatal", () => fatal("fatal"));
  return Response.json([a, b, await step.run("c", () => body("c"))]);
});

const sleepy = client.endpoint(async (_request, { step }) => {
  const a = await step.run("a", () => body("a"));
  await step.sleep("z", "2s");
  return Response.json([a, await step.run("c", () => body("c"))]);
});

const listeners = { "/during": serveEndpoint(during), "/later": serveEndpoint(later), "/sleepy": serveEndpoint(sleepy) };

const server = createServer((request, response) => listeners[request.url as keyof typeof listeners](request, response));
server.listen(Number(process.env["PAWL_APP_PORT"]), "127.0.0.1", () => report({ kind: "listening" }));
process.once("SIGTERM", () => process.exit(0));
// The parent is gone: nobody will end this process.
process.on("disconnect", () => process.exit(0));
