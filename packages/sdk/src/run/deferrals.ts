/**
 * What a call has deferred and the server doesn't know yet.
 *
 * I1  What the server has recorded is never sent again.
 * I2  Misuse is logged and has no other consequence; nothing here throws.
 * I3  A request and its abort never travel together, because servers handle both at the same time: what is aborted before it was sent, isn't sent.
 *
 * Source: wire-protocol 6.19, sdk 22.1.
 */
import { hashStepId } from "@pawl/protocol";
import type { DeferHandle } from "../defer/tool.ts";
import type { StandardSchema } from "../event/standard-schema.ts";
import { jsonText } from "../json/json-text.ts";
import type { Logger } from "../logger.ts";

/** Deferred runs that the server has recorded for the run, by hash. */
export type KnownDefers = Readonly<Record<string, { readonly abortable: boolean }>>;

type Target = { readonly slug: string; readonly isDeferred: true; readonly schema: StandardSchema | undefined };
type Request = { readonly id: string; readonly hash: string; readonly slug: string };

const NOTHING: DeferHandle = { abort: () => {} };

export class Deferrals {
  readonly #known: KnownDefers;
  readonly #logger: Logger;
  /** Last change of the data before it travels. */
  readonly #sealData: (data: unknown) => unknown;
  /** Hashes used in this call. */
  readonly #used = new Set<string>();
  /** Ops as JSON text, by their id. */
  readonly #pending = new Map<string, string>();

  constructor(known: KnownDefers, logger: Logger, sealData: ((data: unknown) => unknown) | undefined) {
    this.#known = known;
    this.#logger = logger;
    this.#sealData = sealData ?? ((data) => data);
  }

  /** Notes a function to be started. */
  add(id: unknown, input: unknown): DeferHandle {
    const read = readInput(id, input, this.#sealData);
    if ("problem" in read) return this.#ignore(id, read.problem);
    const hash = hashStepId(read.id);
    if (this.#used.has(hash)) return this.#ignore(id, "the id is used twice in this run. Ids of `defer` must be unique");
    this.#used.add(hash);
    const request = { id: read.id, hash, slug: read.slug };
    // Keeps I1.
    if (!Object.hasOwn(this.#known, hash)) this.#pending.set(hash, addText(request, read.opts));
    return { abort: () => this.#abort(request) };
  }

  /** Ops to be sent, as JSON text. They are not given again. */
  take(): readonly string[] {
    const ops = [...this.#pending.values()];
    this.#pending.clear();
    return ops;
  }

  #abort(request: Request): void {
    const id = hashStepId(`${request.hash}:abort`);
    if (this.#used.has(id)) return;
    this.#used.add(id);
    // Keeps I3.
    if (this.#pending.delete(request.hash) || this.#known[request.hash]?.abortable === false) return;
    this.#pending.set(id, abortText(request, id));
  }

  #ignore(id: unknown, problem: string): DeferHandle {
    this.#logger.error(`defer "${String(id)}" is ignored: ${problem}.`);
    return NOTHING;
  }
}

function readInput(
  id: unknown,
  input: unknown,
  sealData: (data: unknown) => unknown,
): { readonly id: string; readonly slug: string; readonly opts: string } | { readonly problem: string } {
  if (typeof id !== "string" || id === "") return { problem: "expected an id, a non-empty string" };
  const {
    function: target,
    data = {},
    meta,
  } = (input ?? {}) as { readonly function?: unknown; readonly data?: unknown; readonly meta?: unknown };
  if (!isTarget(target)) return { problem: "`function` must be made by createDefer" };
  if (!isRecord(data)) return { problem: "`data` must be an object" };
  if (meta !== undefined && !isRecord(meta)) return { problem: "`meta` must be an object" };
  try {
    const issues = issuesOf(target.schema, data);
    if (issues !== undefined) return { problem: `its data doesn't fit the schema of "${target.slug}": ${issues}` };
    const opts = jsonText(
      { fn_slug: target.slug, input: sealData(data), ...(meta === undefined ? {} : { meta }) },
      `The data of defer "${id}"`,
    );
    return { id, slug: target.slug, opts };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** By shape and not by class, because a process may hold two copies of this package. */
function isTarget(value: unknown): value is Target {
  return isRecord(value) && value["isDeferred"] === true && typeof value["slug"] === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a schema that answers at once finds wrong. One that doesn't is asked when the deferred function starts. */
function issuesOf(schema: StandardSchema | undefined, data: unknown): string | undefined {
  const result = schema?.["~standard"].validate(data);
  if (result instanceof Promise) {
    result.catch(() => {});
    return undefined;
  }
  return result?.issues
    ?.map(({ message, path = [] }) => {
      const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
      return place === "" ? message : `${place}: ${message}`;
    })
    .join("; ");
}

function addText({ id, hash }: Request, opts: string): string {
  const head = JSON.stringify({ op: "DeferAdd", id: hash, name: id, displayName: id, userland: { id } });
  return `${head.slice(0, -1)},"data":null,"opts":${opts}}`;
}

function abortText({ id, hash, slug }: Request, abortId: string): string {
  const opts = { target_hashed_id: hash, fn_slug: slug, id };
  return JSON.stringify({ op: "DeferAbort", id: abortId, name: id, displayName: id, userland: { id }, data: null, opts });
}
