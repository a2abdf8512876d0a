/**
 * Keys that programs use the APIs with, besides the signing key: each may do only what it is for, and can be taken back.
 *
 * I1  A key's secret is told once, when it is made; stored is its hash. Secrets have 256 random bits, so a plain hash is enough.
 * I2  Keys are compared in constant time, and a key that was taken back counts at once.
 * I3  All of them are in memory: looking one up reads nothing.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { CellRow } from "@pawl/engine";
import type { RandomSource } from "@pawl/engine";
import type { Store } from "@pawl/store";
import { given } from "../json.ts";
import type { Clock } from "../ports/clock.ts";

/** `events`: send events and invoke. `read`: look at runs, events, functions. `write`: change anything; includes the others. */
export const API_SCOPES = ["events", "read", "write"] as const;
export type ApiScope = (typeof API_SCOPES)[number];

export type ApiKey = {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly createdAt: number;
  /** Milliseconds since the epoch; absent: it does not end. */
  readonly expiresAt?: number;
  /** When it last opened something, since this process began; not stored. Absent: not since then. */
  readonly lastUsedAt?: number;
};

type Stored = Omit<ApiKey, "id" | "lastUsedAt"> & { readonly hash: string };

const PREFIX = "pawl_";
const PAGE = 500;

export type ApiKeysOptions = { readonly store: Pick<Store, "apply" | "cellsOfKind">; readonly clock: Clock; readonly random: RandomSource };

export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #keys = new Map<string, Stored>();
  readonly #usedAt = new Map<string, number>();

  constructor(options: ApiKeysOptions) {
    this.#options = options;
  }

  /** Reads all of them. Call at the start. */
  async load(): Promise<void> {
    let after: string | undefined;
    do {
      const page: readonly CellRow[] = await this.#options.store.cellsOfKind({
        kind: "api-key",
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { key, state } of page) this.#keys.set(key.slice(cellKeyOf("").length), JSON.parse(state) as Stored);
      after = page.length < PAGE ? undefined : page.at(-1)?.key;
    } while (after !== undefined);
  }

  /** Makes a key. `secret` is the key itself, and told only here. */
  async create(request: Pick<ApiKey, "name" | "scopes" | "expiresAt">): Promise<{ readonly key: ApiKey; readonly secret: string }> {
    const { store, clock, random } = this.#options;
    const id = random.ulid(clock.now());
    const secret = `${PREFIX}${id}_${randomBytes(32).toString("base64url")}`;
    const { name, scopes, expiresAt } = request;
    const stored: Stored = {
      name,
      scopes,
      createdAt: clock.now(),
      hash: hashOf(secret),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    const cell = { key: cellKeyOf(id), kind: "api-key", functionId: "", state: JSON.stringify(stored), version: 1 } as const;
    await store.apply({ guards: [{ kind: "cell-version", key: cell.key, version: 0 }], changes: [{ kind: "put-cell", cell }] });
    this.#keys.set(id, stored);
    return { key: viewOf(id, stored), secret };
  }

  /** Takes a key back; false where there is none. */
  async revoke(id: string): Promise<boolean> {
    if (!this.#keys.has(id)) return false;
    await this.#options.store.apply({ guards: [], changes: [{ kind: "delete-cell", key: cellKeyOf(id) }] });
    this.#usedAt.delete(id);
    return this.#keys.delete(id);
  }

  /** Oldest first, without secrets. */
  list(): readonly ApiKey[] {
    return [...this.#keys]
      .map(([id, stored]) => ({ ...viewOf(id, stored), ...given("lastUsedAt", this.#usedAt.get(id)) }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether a text is a key that may do this. */
  allows(text: string, scope: ApiScope): boolean {
    const id = /^pawl_([0-9A-Z]{26})_/.exec(text)?.[1];
    const stored = id === undefined ? undefined : this.#keys.get(id);
    const isKey = isSame(stored?.hash ?? hashOf(""), hashOf(text));
    if (id === undefined || stored === undefined || !isKey) return false;
    const now = this.#options.clock.now();
    if (stored.expiresAt !== undefined && stored.expiresAt <= now) return false;
    const isAllowed = stored.scopes.includes("write") || stored.scopes.includes(scope);
    if (isAllowed) this.#usedAt.set(id, now);
    return isAllowed;
  }
}

function cellKeyOf(id: string): string {
  return `api-key|${id}`;
}

function viewOf(id: string, stored: Stored): ApiKey {
  const { name, scopes, createdAt, expiresAt } = stored;
  return { id, name, scopes, createdAt, ...given("expiresAt", expiresAt) };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
