/**
 * Executing a GraphQL request. Loaded with the first one, because the library costs a start 37 ms and 7 MB.
 *
 * I1  A request is bounded before it is executed (tokens, depth) and while it is (fields).
 * I2  Errors that are ours to tell keep their words; any other is logged and masked.
 */
import {
  buildSchema,
  defaultFieldResolver,
  type DocumentNode,
  execute,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFieldResolver,
  parse,
  validate,
} from "graphql";
import type { ServerContext } from "../context.ts";
import { depthOf } from "./depth.ts";
import { MUTATIONS } from "./gql-mutations.ts";
import { QUERIES } from "./gql-queries.ts";
import { GqlRefusal } from "./gql-refusal.ts";
import { GqlRequest } from "./gql-request.ts";
import { SDL_QUERIES } from "./sdl-queries.ts";
import { SDL_TRACE } from "./sdl-trace.ts";
import { SDL_TYPES } from "./sdl-types.ts";

/** The introspection of common tools has a depth of 15. */
const DEPTH_MAX = 16;

/** A query of a dashboard has some hundred. */
const TOKENS_MAX = 5_000;

/** Fields of one answer: a page of 400 runs with 50 fields each, and some reserve. */
const FIELDS_MAX = 100_000;

export type GqlInput = {
  readonly query: string;
  /** Whether mutations are executed. */
  readonly mayWrite: boolean;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
};

export type GqlAnswer = { readonly status: number; readonly body: unknown };

const schema = buildSchema(SDL_QUERIES + SDL_TYPES + SDL_TRACE, { assumeValidSDL: true });

const rootValue = { ...QUERIES, ...MUTATIONS };

/** Executes one request. Rejects for bugs only. */
export async function executeGql(context: ServerContext, { query, mayWrite, variables, operationName }: GqlInput): Promise<GqlAnswer> {
  const document = documentOf(query);
  if ("body" in document) return document;
  const result = await execute({
    schema,
    document,
    rootValue,
    contextValue: new GqlRequest(context),
    fieldResolver: boundedResolver(mayWrite),
    ...(variables === undefined ? {} : { variableValues: variables }),
    ...(operationName === undefined ? {} : { operationName }),
  });
  return { status: 200, body: masked(context, result) };
}

/** The document, or why it is refused (I1). */
function documentOf(query: string): DocumentNode | GqlAnswer {
  try {
    const document = parse(query, { maxTokens: TOKENS_MAX });
    const problems = validate(schema, document);
    if (problems.length > 0) return { status: 400, body: { errors: problems.map(withCode) } };
    const depth = depthOf(document);
    return depth <= DEPTH_MAX ? document : refused(`The query is nested ${depth} levels deep; at most ${DEPTH_MAX} are allowed.`);
  } catch (error) {
    return refused((error as Error).message);
  }
}

function withCode({ message, locations }: GraphQLError): unknown {
  return { message, locations, extensions: { code: "invalid_request" } };
}

function refused(message: string): GqlAnswer {
  return { status: 400, body: { errors: [{ message, extensions: { code: "invalid_request" } }] } };
}

/** A resolver that gives up where an answer grows beyond all use, and refuses mutations to those who may only read. */
function boundedResolver(mayWrite: boolean): GraphQLFieldResolver<unknown, GqlRequest> {
  let fields = 0;
  return (...parameters) => {
    const [, , , { operation }] = parameters;
    if (operation.operation !== "query" && !mayWrite) throw new GqlRefusal("This key may only read.", "forbidden");
    fields += 1;
    if (fields > FIELDS_MAX) throw new GqlRefusal(`The answer has more than ${FIELDS_MAX} fields: ask for smaller pages.`, "too_large");
    return defaultFieldResolver(...parameters);
  };
}

function masked({ logger }: ServerContext, { data, errors }: ExecutionResult): unknown {
  if (errors === undefined) return { data };
  return { data, errors: errors.map((error) => maskedError(logger, error)) };
}

function maskedError(logger: ServerContext["logger"], error: GraphQLError): unknown {
  const { originalError, path, locations } = error;
  if (originalError === undefined || originalError instanceof GqlRefusal) return error;
  logger.error({ path: path?.join("."), error: originalError.stack ?? originalError.message }, "a GraphQL field failed");
  const message = "The field failed for a reason of the server; its log says more.";
  return { message, path, locations, extensions: { code: "internal_server_error" } };
}
