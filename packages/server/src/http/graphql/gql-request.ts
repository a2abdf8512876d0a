/** What the resolvers of one request share: the context, and facts about runs, read once. */
import type { EventRow } from "@pawl/engine";
import type { ServerContext } from "../context.ts";
import { factsOfRun, type RunFacts } from "../ui/run-facts.ts";
import { gqlNotFound } from "./gql-refusal.ts";

export type RunFactsWithEvents = RunFacts & { readonly events: readonly EventRow[] };

export class GqlRequest {
  readonly context: ServerContext;
  readonly #facts = new Map<string, Promise<RunFactsWithEvents | undefined>>();

  constructor(context: ServerContext) {
    this.context = context;
  }

  /** Facts about a run; refuses where there is none. */
  async facts(runId: string): Promise<RunFactsWithEvents> {
    const reading = this.#facts.get(runId) ?? factsOfRun(this.context, runId);
    this.#facts.set(runId, reading);
    const facts = await reading;
    if (facts === undefined) throw gqlNotFound("run", runId);
    return facts;
  }
}
