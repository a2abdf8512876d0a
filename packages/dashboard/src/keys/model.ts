/**
 * API keys: what each may do, until when, and what a new one is to be.
 *
 * Spec: dashboard 1.9 (SET-01 to SET-03).
 */
import type { UiAccess, UiApiKey } from "@pawl/protocol";
import type { KeyRequest } from "../api/client.ts";
import { countOf } from "../time/format.ts";

export type KeyScope = UiApiKey["scopes"][number];

/** Bound of the server. */
export const NAME_CHARS_MAX = 100;

const DAY_MS = 86_400_000;

/** The scopes, with a sentence each. */
export const SCOPES: readonly { readonly scope: KeyScope; readonly word: string; readonly sentence: string }[] = [
  { scope: "events", word: "Events", sentence: "Send events and invoke functions; it stands where an event key does." },
  { scope: "read", word: "Read", sentence: "Look at everything: runs, events, functions, metrics." },
  { scope: "write", word: "Everything", sentence: "Also cancel, pause, replay, register apps, and make and revoke keys." },
];

/** How long a new key lasts. Without `days` it does not end. */
export const LIFETIMES: readonly { readonly code: string; readonly words: string; readonly days?: number }[] = [
  { code: "", words: "Never" },
  { code: "7", words: "After 7 days", days: 7 },
  { code: "30", words: "After 30 days", days: 30 },
  { code: "90", words: "After 90 days", days: 90 },
  { code: "365", words: "After a year", days: 365 },
];

/** What the fields of the form hold. `lifetime`: a code of `LIFETIMES`. */
export type KeyDraft = { readonly name: string; readonly scopes: readonly KeyScope[]; readonly lifetime: string };

/** The form to begin with: a key that may do little. */
export const NEW_KEY: KeyDraft = { name: "", scopes: ["read"], lifetime: "90" };

/** The scopes with one added or taken away, in their order. */
export function toggleScope(scopes: readonly KeyScope[], scope: KeyScope): readonly KeyScope[] {
  return SCOPES.map((each) => each.scope).filter((each) => scopes.includes(each) !== (each === scope));
}

/** Whether a key may do what a scope says: the last one has the others in it. */
export function mayDo(scopes: readonly KeyScope[], scope: KeyScope): boolean {
  return scopes.includes("write") || scopes.includes(scope);
}

/** What is missing; undefined for a draft that can be sent. */
export function keyProblem({ name, scopes }: KeyDraft): string | undefined {
  if (name.trim() === "") return "Give it a name, such as the program that will use it.";
  return scopes.length === 0 ? "Choose what it may do." : undefined;
}

/** The key to ask for, as of `now`. */
export function keyRequestOf({ name, scopes, lifetime }: KeyDraft, now: number): KeyRequest {
  const days = LIFETIMES.find(({ code }) => code === lifetime)?.days;
  return {
    name: name.trim(),
    scopes: scopes.includes("write") ? ["write"] : scopes,
    ...(days === undefined ? {} : { expiresAt: Math.floor(now + days * DAY_MS) }),
  };
}

/** `Events, read`; `Everything`. */
export function scopeWords(scopes: readonly KeyScope[]): string {
  if (scopes.includes("write")) return "Everything";
  const words = SCOPES.filter(({ scope }) => scopes.includes(scope)).map(({ word }) => word.toLowerCase());
  return words.join(", ").replace(/^./, (first) => first.toUpperCase());
}

/** True for a key that opens nothing any more. */
export function isExpired({ expiresAt }: UiApiKey, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** The answer to “who can use this server?”. */
export function keysSentence(keys: readonly UiApiKey[], now: number): string {
  const valid = keys.filter((key) => !isExpired(key, now)).length;
  const expired = keys.length - valid;
  return `${countOf(valid, "API key")} in force${expired === 0 ? "" : `, ${expired} expired`}.`;
}

/** What the keys of the server itself are, as pairs of label and keys; none where it asks for none. */
export function serverKeys({ signingKeys, eventKeys }: UiAccess): readonly { readonly label: string; readonly keys: readonly string[] }[] {
  const [signing, ...others] = signingKeys;
  return [
    { label: "Signing key", keys: signing === undefined ? [] : [signing] },
    { label: "Accepted beside it", keys: others },
    { label: "Event keys", keys: eventKeys },
  ].filter(({ keys }) => keys.length > 0);
}
