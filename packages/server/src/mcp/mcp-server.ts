/**
 * The Model Context Protocol, as a server with tools and nothing else.
 *
 * I1  It keeps no session: each request says all that is needed, so a restart or another node changes nothing for a client.
 * I2  What a tool refuses is a result that says so, so that the model behind the client reads it; only what is no proper request is an error.
 *
 * Source: MCP specification, revisions 2024-11-05 to 2025-11-25. Spec: wire 12.3.
 */
import type { ServerContext } from "../http/context.ts";
import { UiRefusal } from "../http/ui/ui-error.ts";
import { textOf } from "../json.ts";
import { failureOf, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, readMessage, type RequestId, resultOf } from "./json-rpc.ts";
import { readArguments, type Tool, type ToolEnvironment } from "./tool.ts";

/** Newest first. */
export const PROTOCOL_VERSIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

const INSTRUCTIONS = [
  "Pawl runs durable functions: an event starts a run of each function that it triggers; steps of a run are remembered.",
  "Begin with list_functions. invoke_function runs one and waits; send_event starts all that an event triggers; get_run tells what became of a run, or why it waits.",
  "For questions about how something works, search_docs.",
].join("\n");

/** Answers a message; undefined where it takes no answer. */
export async function answerMessage(raw: unknown, tools: ReadonlyMap<string, Tool>, environment: ToolEnvironment): Promise<unknown> {
  const message = readMessage(raw);
  if (message.kind === "notice") return undefined;
  if (message.kind === "invalid") return failureOf(null, { code: INVALID_REQUEST, message: "This is no request of JSON-RPC 2.0." });
  const { id, method, params } = message;
  switch (method) {
    case "initialize":
      return resultOf(id, welcome(params["protocolVersion"], environment.context));
    case "ping":
      return resultOf(id, {});
    case "tools/list":
      return resultOf(id, { tools: [...tools.values()].map(toolShape) });
    case "tools/call": {
      const tool = tools.get(textOf(params["name"]));
      if (tool === undefined) return failureOf(id, { code: INVALID_PARAMS, message: `Unknown tool: ${textOf(params["name"])}` });
      return callTool({ id, tool, raw: params["arguments"] }, environment);
    }
    default:
      return failureOf(id, { code: METHOD_NOT_FOUND, message: `Method not found: ${method}` });
  }
}

function welcome(asked: unknown, { version }: ServerContext): unknown {
  return {
    protocolVersion: PROTOCOL_VERSIONS.find((known) => known === asked) ?? PROTOCOL_VERSIONS[0],
    capabilities: { tools: { listChanged: false } },
    serverInfo: { name: "pawl", title: "Pawl", version },
    instructions: INSTRUCTIONS,
  };
}

/** A tool as clients see it. */
export function toolShape({ name, title, description, input, effect }: Tool): Readonly<Record<string, unknown>> {
  return {
    name,
    title,
    description,
    inputSchema: input,
    annotations: {
      title,
      readOnlyHint: effect === "reads",
      destructiveHint: effect === "ends",
      idempotentHint: effect !== "adds",
      openWorldHint: false,
    },
  };
}

type Call = { readonly id: RequestId; readonly tool: Tool; readonly raw: unknown };

async function callTool({ id, tool, raw }: Call, environment: ToolEnvironment): Promise<unknown> {
  const checked = readArguments(tool, raw);
  if ("problem" in checked) return resultOf(id, refusal(`The arguments of ${tool.name} are wrong: ${checked.problem}.`));
  if (tool.effect !== "reads" && !environment.mayWrite)
    return resultOf(id, refusal(`${tool.name} changes something: this key may only read.`));
  const { logger } = environment.context;
  try {
    const result = await tool.run(checked.args, environment);
    if (tool.effect !== "reads") logger.info({ tool: tool.name, ...subjectOf(result) }, "a tool changed something");
    return resultOf(id, { content: [{ type: "text", text: JSON.stringify(result) }], structuredContent: result });
  } catch (error) {
    if (error instanceof UiRefusal) return resultOf(id, refusal([error.message, error.hint ?? ""].join(" ").trim()));
    logger.error({ tool: tool.name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, "a tool failed");
    return resultOf(id, refusal("The tool failed for a reason of the server; its log says more."));
  }
}

/** What the log names. */
function subjectOf({ runId, eventId }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...(runId === undefined ? {} : { runId }), ...(eventId === undefined ? {} : { eventId }) };
}

function refusal(text: string): unknown {
  return { content: [{ type: "text", text }], isError: true };
}
