/** Tools for the documentation. */
import { rfc3339 } from "../http/rest/identity.ts";
import { invalid } from "../http/ui/ui-error.ts";
import { type Docs, readDocs } from "./docs.ts";
import type { Tool } from "./tool.ts";

const LIMIT_DEFAULT = 5;
const LIMIT_MAX = 20;

/** A read of more lines than this goes on with a second call. */
const LINES_MAX = 400;

const LINES_FOUND_DEFAULT = 10;
const LINES_FOUND_MAX = 100;

/** `load` is called by the first call of a tool, and again only where it failed. */
export function docTools(load: () => Promise<Docs> = readDocs): readonly Tool[] {
  let docs: Promise<Docs> | undefined;
  const opened = (): Promise<Docs> =>
    (docs ??= load().catch((error: unknown) => {
      docs = undefined;
      throw error;
    }));
  return [searchTool(opened), readTool(opened), grepTool(opened), listTool(opened)];
}

function searchTool(opened: () => Promise<Docs>): Tool {
  return {
    name: "search_docs",
    title: "Search the documentation",
    description:
      "Finds sections of Pawl's documentation by words: how to write functions, limits, retries, waits, operations. When nothing is found, the answer lists all documents.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["query"],
      properties: {
        query: { type: "string", minLength: 1, maxLength: 500, description: "Words, such as `throttle key`." },
        limit: { type: "integer", minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT },
      },
    },
    effect: "reads",
    run: async ({ query, limit = LIMIT_DEFAULT }) => {
      const known = await opened();
      const matches = known.search(query as string, limit as number);
      return { matches, ...(matches.length === 0 ? { documents: known.list() } : {}) };
    },
  };
}

function readTool(opened: () => Promise<Docs>): Tool {
  return {
    name: "read_doc",
    title: "Read a document",
    description: `Reads a document that search_docs named, at most ${String(LINES_MAX)} lines at a time.`,
    input: {
      type: "object",
      additionalProperties: false,
      required: ["path"],
      properties: {
        path: { type: "string", description: "As search_docs tells it." },
        fromLine: { type: "integer", minimum: 1, default: 1, description: "`nextLine` of the call before." },
      },
    },
    effect: "reads",
    run: async ({ path, fromLine = 1 }) => {
      const known = await opened();
      const document = known.byPath(path as string);
      if (document === undefined)
        throw invalid(
          `There is no document ${String(path)}.`,
          `Documents are ${known
            .list()
            .map((each) => each.path)
            .join(", ")}.`,
        );
      const from = (fromLine as number) - 1;
      const until = from + LINES_MAX;
      const content = document.lines.slice(from, until).join("\n");
      const size = Buffer.byteLength(document.lines.join("\n"));
      const rest = until < document.lines.length ? { nextLine: until + 1 } : {};
      return { path: document.path, title: document.title, size, content, ...rest };
    },
  };
}

function grepTool(opened: () => Promise<Docs>): Tool {
  return {
    name: "grep_docs",
    title: "Find lines of the documentation",
    description: "Finds the lines that have a text, in any case. search_docs finds whole sections, by several words.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["pattern"],
      properties: {
        pattern: { type: "string", minLength: 1, maxLength: 200, description: "A text, taken as it is." },
        limit: { type: "integer", minimum: 1, maximum: LINES_FOUND_MAX, default: LINES_FOUND_DEFAULT },
      },
    },
    effect: "reads",
    run: async ({ pattern, limit = LINES_FOUND_DEFAULT }) => {
      const matches = (await opened()).linesWith(pattern as string, limit as number);
      return { matches, count: matches.length };
    },
  };
}

function listTool(opened: () => Promise<Docs>): Tool {
  return {
    name: "list_docs",
    title: "List the documents",
    description: "Lists the documentation that comes with the server.",
    input: { type: "object", additionalProperties: false, properties: {} },
    effect: "reads",
    run: async (_args, { context }) => {
      const known = await opened();
      const documents = known.list();
      // They come with the server and do not change while it runs.
      const generatedAt = rfc3339(context.startedAt);
      const categories = Object.fromEntries(
        [...Map.groupBy(documents, ({ path }) => categoryOf(path))].map(([category, { length }]) => [category, length]),
      );
      return { generatedAt, totalDocs: documents.length, totalChunks: known.sectionCount, categories, sdks: ["typescript"], documents };
    },
  };
}

/** The folder; documents beside the folders are general. */
function categoryOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : "general";
}
