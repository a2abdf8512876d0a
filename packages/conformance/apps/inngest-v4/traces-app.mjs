/** An app of the official client that reports the spans of its code. Its middleware makes the tracing provider, with the usual instrumentations. */
import { createServer } from "node:http";
import { Inngest } from "inngest";
import { extendedTracesMiddleware } from "inngest/experimental";
import { serve } from "inngest/node";

const checkpointing = process.env.PAWL_APP_CHECKPOINTING === "true";
const client = new Inngest({ id: "traced", checkpointing, middleware: [extendedTracesMiddleware({ behaviour: "createProvider" })] });

const traced = client.createFunction({ id: "import", triggers: [{ event: "traced/import" }] }, async ({ step, tracer }) => {
  const span = (name, body) =>
    tracer.startActiveSpan(name, async (each) => {
      each.setAttribute("rows", 3);
      try {
        return await body();
      } finally {
        each.end();
      }
    });
  const rows = await step.run("load", () => span("read file", () => span("parse", () => 3)));
  await step.sendEvent("tell", { name: "traced/told" });
  await step.sleep("nap", 10);
  return step.run("save", () => span("write rows", () => rows));
});

const told = client.createFunction({ id: "told", triggers: [{ event: "traced/told" }] }, () => "heard");

const server = createServer(serve({ client, functions: [traced, told] }));
server.listen(0, "127.0.0.1", () => process.send({ kind: "listening", port: server.address().port }));
process.once("SIGTERM", () => process.exit(0));
process.on("disconnect", () => process.exit(0));
