/**
 * Tools out of REST v2, for clients that know the names of the protocol's reference server.
 *
 * I1  A tool's arguments are the parameters, query and body of its operation, out of the table that the API is described by; its result is
 *     the API's answer. The caller may do exactly what its key lets it do there.
 *
 * Spec: wire 12.3. Operations for which there is a tool that says more (`list_runs`, `get_run`, `invoke_function`, …) have no second one.
 */
import { UiRefusal } from "../http/ui/ui-error.ts";
import { OPERATIONS } from "../http/rest/openapi/document.ts";
import type { Operation } from "../http/rest/openapi/operation.ts";
import { isRecord, textOf } from "../json.ts";
import type { Tool, ToolArguments } from "./tool.ts";

const NAMES: Readonly<Record<string, string>> = {
  health: "Health",
  get_apps: "GetApps",
  get_app: "GetApp",
  get_function: "GetFunction",
  list_function_runs: "ListFunctionRuns",
  get_event_runs: "GetEventRuns",
  get_run_trace: "GetFunctionTrace",
  rerun: "Rerun",
};

/** Tool → operation that it does, those among them that tell more than the operation does. */
export const OPERATION_OF_TOOL: Readonly<Record<string, string | undefined>> = {
  ...NAMES,
  list_functions: "GetFunctions",
  send_event: "SendEvent",
  invoke_function: "InvokeFunction",
  list_runs: "ListRuns",
  get_run: "GetFunctionRun",
  cancel_run: "CancelRun",
};

export const API_TOOLS: readonly Tool[] = Object.entries(NAMES).map(([name, id]) => toolOf(name, operationOf(id)));

function operationOf(id: string): Operation {
  const found = OPERATIONS.find((operation) => operation.id === id);
  if (found === undefined) throw new Error(`There is no operation ${id}.`);
  return found;
}

function toolOf(name: string, operation: Operation): Tool {
  const { method, path, query = {}, body, summary } = operation;
  const ofPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = ""]) => parameter);
  const properties = {
    ...Object.fromEntries(ofPath.map((parameter) => [parameter, { type: "string", minLength: 1 } as const])),
    ...query,
    ...body?.properties,
  };
  return {
    name,
    title: summary,
    description: `${summary}. As REST v2 answers ${method} ${path}.`,
    input: { type: "object", additionalProperties: false, required: [...ofPath, ...(body?.required ?? [])], properties },
    effect: method === "GET" ? "reads" : "adds",
    run: async (args, { callApi }) => {
      const { status, text } = await callApi({ method, url: urlOf(operation, args), ...bodyOf(operation, args) });
      const answer = parsed(text);
      if (status < 400 && isRecord(answer)) return answer;
      throw new UiRefusal(`REST API v2 returned HTTP ${String(status)}: ${text}`, { status, code: "api-refusal" });
    },
  };
}

/** The API decodes the parts of a path twice. */
function urlOf({ path, query = {} }: Operation, args: ToolArguments): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(encodeURIComponent(textOf(args[name]))));
  const parameters = new URLSearchParams();
  for (const name of Object.keys(query)) for (const value of valuesOf(args[name])) parameters.append(name, String(value));
  return parameters.size === 0 ? filled : `${filled}?${parameters.toString()}`;
}

/** Arguments have been checked: they are scalars, or lists of them. */
function valuesOf(given: unknown): readonly (string | number | boolean)[] {
  const list: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  return list as readonly (string | number | boolean)[];
}

function bodyOf({ body }: Operation, args: ToolArguments): { readonly body?: unknown } {
  if (body === undefined) return {};
  return { body: Object.fromEntries(Object.keys(body.properties ?? {}).flatMap((name) => (name in args ? [[name, args[name]]] : []))) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
