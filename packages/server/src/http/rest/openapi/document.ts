/**
 * The OpenAPI 3.1 document: the tables of operations, written out.
 *
 * I1  What is served and what is described are the same routes; a test compares them.
 */
import { APP_OPERATIONS } from "./app-operations.ts";
import { EXTENSION_OPERATIONS } from "./extension-operations.ts";
import { MISSING } from "./missing-operations.ts";
import { type Operation, ref } from "./operation.ts";
import { RUN_OPERATIONS } from "./run-operations.ts";
import { SCHEMAS } from "./schemas.ts";
import { V1_OPERATIONS } from "./v1-operations.ts";

type Json = Readonly<Record<string, unknown>>;

/** Every operation: those that are there, and those that answer 501. */
export const OPERATIONS: readonly Operation[] = [
  ...APP_OPERATIONS,
  ...RUN_OPERATIONS,
  ...V1_OPERATIONS,
  ...EXTENSION_OPERATIONS,
  // A path with a star stands for many, whose names don't matter.
  ...MISSING.filter(([, path]) => !path.includes("*")).map(([method, path, what]): Operation => ({
    method,
    path: `/v2${path.replaceAll(/:(\w+)/g, "{$1}")}`,
    tag: "account",
    summary: `${what}: not part of a self-hosted server`,
    refusals: { 501: "Always" },
  })),
];

const PARAMETERS: Readonly<Record<string, string>> = {
  appId: "The app's name.",
  functionId: "The function's id within the app, or its whole slug; slashes encoded.",
  runId: "The run's id, a ULID.",
  eventId: "The event's internal id, a ULID.",
  slug: "The function's slug: the app's name, a hyphen, the function's id.",
  experimentId: "The experiment's id.",
  key: "The session's key.",
  id: "The id.",
};

const DESCRIPTION = [
  "Management of a Pawl server. Paths under `/v2` are also served under `/api/v2`; of `/v1` there is what `/v2` does not have.",
  "Names are in camel case; requests may use snake case. Fields that are absent, zero, false or empty are left out of answers of `/v2`.",
].join("\n\n");

/** The document. `version`: the server's. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) (paths[operation.path] ??= {})[operation.method.toLowerCase()] = operationObject(operation);
  return {
    openapi: "3.1.0",
    info: { title: "Pawl", version, description: DESCRIPTION, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ signingKey: [] }, {}],
    tags: ["account", "apps", "runs", "events", "operations"].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        signingKey: { type: "http", scheme: "bearer", description: "The server's signing key. A development server without one is open." },
      },
      schemas: SCHEMAS,
    },
  };
}

function operationObject(operation: Operation): Json {
  const { id, tag, summary, body, isBodyRequired = false, answer, answerType = "application/json", status = 200 } = operation;
  const parameters = parametersOf(operation);
  return {
    ...(id === undefined ? {} : { operationId: id }),
    tags: [tag],
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: isBodyRequired, content: json(body) } }),
    responses: {
      ...(answer === undefined
        ? {}
        : { [status]: { description: "Done", ...(status === 204 ? {} : { content: { [answerType]: { schema: answer } } }) } }),
      ...refusalsOf(operation),
    },
  };
}

function parametersOf({ path, query = {} }: Operation): readonly Json[] {
  const ofPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: PARAMETERS[name],
    schema: { type: "string" },
  }));
  const ofQuery = Object.entries(query).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    ...(description === undefined ? {} : { description }),
    schema,
  }));
  return [...ofPath, ...ofQuery];
}

function refusalsOf({ id, path, refusals, answer }: Operation): Json {
  const isExtension = path.startsWith("/ui/");
  const shape = ref(isExtension ? "Refusal" : path.startsWith("/v1/") ? "PublicError" : "Errors");
  const unauthorized = isExtension ? json(shape) : { "text/plain": { schema: { type: "string" } } };
  const entries = Object.entries(refusals).map(([status, description]) => {
    const isConflictWithRun = id === "InvokeFunction" && status === "409" && answer !== undefined;
    return [status, { description, content: json(isConflictWithRun ? answer : shape) }] as const;
  });
  return { ...Object.fromEntries(entries), 401: { description: "The key is missing or wrong", content: unauthorized } };
}

function json(schema: unknown): Json {
  return { "application/json": { schema } };
}
