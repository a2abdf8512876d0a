/** The mock server's keys: kept in memory. */
import type { UiAccess, UiApiKey, UiApiKeyList, UiNewApiKey, UiOk } from "@pawl/protocol";

/** What a key is made of. */
export type KeyRequest = Pick<UiApiKey, "name" | "scopes" | "expiresAt">;

const DAY_MS = 86_400_000;
const keys: UiApiKey[] = [
  {
    id: "01M0AAV9V3XDHM8ZYS339J0001",
    name: "storefront",
    scopes: ["events"],
    createdAt: Date.now() - 90 * DAY_MS,
    lastUsedAt: Date.now() - 4_000,
  },
  {
    id: "01M1AAV9V3XDHM8ZYS339J0002",
    name: "nightly import, old",
    scopes: ["events", "read"],
    createdAt: Date.now() - 60 * DAY_MS,
    expiresAt: Date.now() - 2 * DAY_MS,
  },
  {
    id: "01M8AAV9V3XDHM8ZYS339J0003",
    name: "grafana",
    scopes: ["read"],
    createdAt: Date.now() - 3 * DAY_MS,
    expiresAt: Date.now() + 87 * DAY_MS,
    lastUsedAt: Date.now() - 12_000,
  },
  { id: "01M8BAV9V3XDHM8ZYS339J0004", name: "deploy pipeline", scopes: ["write"], createdAt: Date.now() - 3_600_000 },
];

/** All of them. */
export function keyList(): UiApiKeyList {
  return { items: keys };
}

/** Makes one. */
export function makeKey(request: KeyRequest): UiNewApiKey {
  const key: UiApiKey = { ...request, id: `01M9AAV9V3XDHM8ZYS339J${String(keys.length).padStart(4, "0")}`, createdAt: Date.now() };
  keys.push(key);
  return { key, secret: `pawl_${key.id}_Jm9yIGxvb2tpbmcgYXQgcGFnZXMsIG5vdCBmb3IgdXNl` };
}

/** Takes one back. */
export function revokeKey(id: string | undefined): UiOk {
  const at = keys.findIndex((key) => key.id === id);
  if (at >= 0) keys.splice(at, 1);
  return { ok: true };
}

/** Which keys are asked for. */
export function accessOf(isLocked: boolean): UiAccess {
  if (!isLocked) return { isKeyNeeded: false, isEventKeyNeeded: false, signingKeys: [], eventKeys: [] };
  return { isKeyNeeded: true, isEventKeyNeeded: true, signingKeys: ["signkey-prod-…1f2e", "signkey-prod-…77aa"], eventKeys: ["…9a8b"] };
}
