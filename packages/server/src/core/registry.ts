/**
 * The apps and functions that the server knows, in memory.
 *
 * I1  It holds what the store holds: it is loaded at start, and changed after each committed registration.
 * I2  Where several functions have the same slug, it stands for one that is not archived, and not for a durable endpoint, whatever the order
 *     in which they came; of equal ones for the newest.
 */
import { type AppRow, type FunctionRow, triggerPatternsOf } from "@pawl/engine";

export class Registry {
  readonly #apps = new Map<string, AppRow>();
  readonly #functions = new Map<string, FunctionRow>();
  /** The one that the slug stands for comes first. */
  readonly #bySlug = new Map<string, readonly FunctionRow[]>();
  /** Names and patterns of event triggers → functions that are not archived. */
  #byTrigger = new Map<string, FunctionRow[]>();
  /** False while it is not known whether the last change was stored. */
  isCertain = true;

  /** Takes over what the store holds. */
  replace(apps: readonly AppRow[], functions: readonly FunctionRow[]): void {
    this.#apps.clear();
    for (const app of apps) this.putApp(app);
    this.putFunctions(functions);
  }

  putApp(app: AppRow): void {
    this.#apps.set(app.id, app);
  }

  deleteApp(appId: string): void {
    this.#apps.delete(appId);
  }

  /** Replaces functions; the trigger index is made anew, since registrations are rare. */
  putFunctions(functions: readonly FunctionRow[]): void {
    for (const row of functions) {
      this.#functions.set(row.id, row);
      const others = this.#bySlug.get(row.slug)?.filter(({ id }) => id !== row.id) ?? [];
      this.#bySlug.set(row.slug, [row, ...others].sort(byPrecedence));
    }
    this.#byTrigger = indexTriggers(this.#functions.values());
  }

  apps(): readonly AppRow[] {
    return [...this.#apps.values()];
  }

  /** Every function, archived ones too. */
  functions(): readonly FunctionRow[] {
    return [...this.#functions.values()];
  }

  appById(appId: string): AppRow | undefined {
    return this.#apps.get(appId);
  }

  appByName(name: string): AppRow | undefined {
    return this.apps().find((app) => app.name === name);
  }

  functionById(functionId: string): FunctionRow | undefined {
    return this.#functions.get(functionId);
  }

  functionBySlug(slug: string): FunctionRow | undefined {
    return this.#bySlug.get(slug)?.[0];
  }

  /** The function that an invocation names by slug or id; archived ones can't be invoked. */
  invocable(target: string): FunctionRow | undefined {
    const found = this.functionBySlug(target) ?? this.#functions.get(target);
    return found?.archivedAt === undefined ? found : undefined;
  }

  /** Functions with a trigger whose name or pattern covers the event's name; each once. */
  triggeredBy(eventName: string): readonly FunctionRow[] {
    if (this.#byTrigger.size === 0) return [];
    const found = new Set<FunctionRow>();
    for (const pattern of triggerPatternsOf(eventName)) for (const row of this.#byTrigger.get(pattern) ?? []) found.add(row);
    return [...found];
  }
}

/** Keeps I2. */
function byPrecedence(a: FunctionRow, b: FunctionRow): number {
  return rankOf(a) - rankOf(b) || b.createdAt - a.createdAt;
}

function rankOf({ archivedAt, definition }: FunctionRow): number {
  return (archivedAt === undefined ? 0 : 2) + (definition.endpoint === undefined ? 0 : 1);
}

function indexTriggers(functions: Iterable<FunctionRow>): Map<string, FunctionRow[]> {
  const index = new Map<string, FunctionRow[]>();
  for (const row of functions) {
    if (row.archivedAt !== undefined) continue;
    for (const trigger of row.definition.triggers) {
      if (trigger.kind !== "event") continue;
      const rows = index.get(trigger.event);
      if (rows === undefined) index.set(trigger.event, [row]);
      else if (!rows.includes(row)) rows.push(row);
    }
  }
  return index;
}
