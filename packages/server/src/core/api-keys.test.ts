import { openMemoryStore } from "@pawl/store-memory";
import { expect, test } from "vitest";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { systemRandom } from "../ports/random.ts";
import { ApiKeys } from "./api-keys.ts";

const clock = new ManualClock(1_700_000_000_000);

async function keysOf(store = openMemoryStore()): Promise<ApiKeys> {
  const keys = new ApiKeys({ store, clock, random: systemRandom() });
  await keys.load();
  return keys;
}

test("a key may do what its scopes say, and write means everything", async () => {
  const keys = await keysOf();
  const reader = await keys.create({ name: "grafana", scopes: ["read"] });
  const writer = await keys.create({ name: "deploys", scopes: ["write"] });
  expect(["events", "read", "write"].map((scope) => keys.allows(reader.secret, scope as "read"))).toEqual([false, true, false]);
  expect(["events", "read", "write"].map((scope) => keys.allows(writer.secret, scope as "read"))).toEqual([true, true, true]);
});

test("neither a changed secret nor another key's is taken", async () => {
  const keys = await keysOf();
  const [a, b] = [await keys.create({ name: "a", scopes: ["read"] }), await keys.create({ name: "b", scopes: ["read"] })];
  const mixed = `pawl_${a.key.id}_${b.secret.split("_").slice(2).join("_")}`;
  for (const text of ["", "pawl_", a.key.id, mixed, `${a.secret}x`, a.secret.slice(0, -1)]) expect(keys.allows(text, "read")).toBe(false);
});

test("after a restart the keys are the same, and what is stored is not the secret", async () => {
  const store = openMemoryStore();
  const { secret, key } = await (await keysOf(store)).create({ name: "a", scopes: ["events"] });
  const again = await keysOf(store);
  expect(again.list()).toEqual([key]);
  expect(again.allows(secret, "events")).toBe(true);
  const cells = await store.cellsOfKind({ kind: "api-key", limit: 10 });
  expect(JSON.stringify(cells)).not.toContain(secret.split("_").at(-1));
});

test("a key that is taken back counts no more, also after a restart", async () => {
  const store = openMemoryStore();
  const keys = await keysOf(store);
  const { secret, key } = await keys.create({ name: "a", scopes: ["write"] });
  expect(await keys.revoke(key.id)).toBe(true);
  expect(await keys.revoke(key.id)).toBe(false);
  expect(keys.allows(secret, "write")).toBe(false);
  expect((await keysOf(store)).allows(secret, "write")).toBe(false);
});

test("a key ends at its instant", async () => {
  const keys = await keysOf();
  const { secret } = await keys.create({ name: "a", scopes: ["read"], expiresAt: clock.now() + 1_000 });
  expect(keys.allows(secret, "read")).toBe(true);
  await clock.advance(1_000);
  expect(keys.allows(secret, "read")).toBe(false);
});
