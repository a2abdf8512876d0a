/**
 * What is encrypted, and how encrypted values are marked. The server stores them as it stores any JSON.
 *
 * I1  What can't be decrypted is an error before the function is entered: code must never take a ciphertext for a value, nor a wrong key for a
 *     step that failed.
 * I2  Every value is encrypted with the first key, and decrypted with whichever fits.
 * I3  A text that is encrypted for a purpose is opened for no other, and never as a value: it isn't JSON.
 *
 * Source: wire-protocol 13.1.
 */
import type { CallEvent, CallRequest } from "@pawl/protocol";
import { readMemo } from "../run/memo.ts";

/** Turns text into ciphertext and back. */
export type EncryptionService = {
  /** Written beside each value, so that others know how it was encrypted. */
  readonly identifier: string;
  /** Ciphertext of a text, as text. */
  encrypt(text: string): string;
  /** The text behind a ciphertext. Throws when no key fits. */
  decrypt(ciphertext: string): string;
};

export type EncryptionSetup = {
  readonly service: EncryptionService;
  /** Decrypts values that name no strategy. Absent: they are errors. */
  readonly decryptLegacy?: ((ciphertext: string) => string) | undefined;
  /** Field at the top of events' data that is encrypted. */
  readonly field: string;
  readonly decryptOnly: boolean;
};

type EncryptedValue = { readonly __ENCRYPTED__: true; readonly __STRATEGY__?: unknown; readonly data: string };
type Data = Readonly<Record<string, unknown>>;

/** Thrown when a value can't be decrypted. The call is tried again, so a key that is missing can still be added. */
export class DecryptionError extends Error {
  constructor(what: string, options?: { readonly cause?: unknown }) {
    super(`${what} can't be decrypted: no key fits. Add the key that it was encrypted with to \`fallbackDecryptionKeys\`.`, options);
    this.name = "DecryptionError";
  }
}

/** End-to-end encryption of an app's data. Made by `encryption()` of `pawl/encryption`. */
export class Encryption {
  readonly #setup: EncryptionSetup;

  constructor(setup: EncryptionSetup) {
    this.#setup = setup;
  }

  /** JSON text of an output to JSON text of the encrypted value. `null` stays as it is. */
  readonly sealOutput = (text: string): string => {
    if (this.#setup.decryptOnly || text === "null") return text;
    return JSON.stringify(this.#seal(text));
  };

  /** Data of an event, an invocation or a deferred function with its field encrypted. */
  readonly sealData = <T>(data: T): T => {
    const { field, decryptOnly } = this.#setup;
    if (decryptOnly || !isRecord(data) || !Object.hasOwn(data, field)) return data;
    const value = data[field];
    // What is encrypted already, such as a field that is passed on as it came, is not encrypted twice.
    if (value === undefined || value === null || isEncrypted(value)) return data;
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? data : { ...data, [field]: this.#seal(text) };
  };

  /** Whether new values are left as they are. */
  get isDecryptOnly(): boolean {
    return this.#setup.decryptOnly;
  }

  /** JSON text of an encrypted text that only `openText` opens, for the same purpose. Encrypts also with `decryptOnly`. */
  sealText(purpose: string, text: string): string {
    return JSON.stringify(this.#seal(`${purpose}\n${text}`));
  }

  /** The text in what `sealText` has made for this purpose; undefined for anything else. Throws a DecryptionError when no key fits. */
  openText(purpose: string, sealed: string): string | undefined {
    const value = parseEncrypted(sealed);
    if (typeof value?.__STRATEGY__ !== "string") return undefined;
    const head = `${purpose}\n`;
    const text = this.#decrypt(value.data, `The text (${purpose})`);
    return text.startsWith(head) ? text.slice(head.length) : undefined;
  }

  /** A call with everything decrypted. Throws a DecryptionError (keeps I1). */
  openCall(call: CallRequest): CallRequest {
    const steps: Record<string, unknown> = {};
    for (const [hash, stored] of Object.entries(call.steps)) {
      const memo = readMemo(stored);
      steps[hash] = memo.kind === "data" ? { data: this.#openStep(memo.value, hash) } : stored;
    }
    return { ...call, steps, event: this.#openEvent(call.event), events: call.events.map((event) => this.#openEvent(event)) };
  }

  /** A step's value; that of a wait is an event. */
  #openStep(value: unknown, hash: string): unknown {
    if (isEncrypted(value)) return this.#open(value, `The result of step ${hash}`);
    return isEvent(value) ? this.#openEvent(value) : value;
  }

  /** An event, and the one that it tells of. */
  #openEvent(event: CallEvent): CallEvent {
    if (!isRecord(event?.data)) return event;
    const data = Object.fromEntries(
      Object.entries(event.data).map(([key, value]) => {
        if (isEncrypted(value)) return [key, this.#open(value, `Field \`${key}\` of event "${event.name}"`)];
        if (!event.name.startsWith("inngest/")) return [key, value];
        if (key === "event" && isEvent(value)) return [key, this.#openEvent(value)];
        if (key === "events" && Array.isArray(value)) return [key, value.map((item) => (isEvent(item) ? this.#openEvent(item) : item))];
        return [key, value];
      }),
    );
    return { ...event, data };
  }

  #seal(text: string): EncryptedValue {
    const { service } = this.#setup;
    return { __ENCRYPTED__: true, __STRATEGY__: service.identifier, data: service.encrypt(text) };
  }

  #decrypt(ciphertext: string, what: string): string {
    try {
      return this.#setup.service.decrypt(ciphertext);
    } catch (cause) {
      throw new DecryptionError(what, { cause });
    }
  }

  #open(value: EncryptedValue, what: string): unknown {
    const { service, decryptLegacy } = this.#setup;
    try {
      if (typeof value.__STRATEGY__ === "string") return JSON.parse(service.decrypt(value.data)) as unknown;
      if (decryptLegacy !== undefined) return JSON.parse(decryptLegacy(value.data)) as unknown;
    } catch (cause) {
      throw new DecryptionError(what, { cause });
    }
    throw new DecryptionError(what);
  }
}

/** Whether a text is that of an encrypted value. */
export function isEncryptedText(text: string): boolean {
  return parseEncrypted(text) !== undefined;
}

function parseEncrypted(text: string): EncryptedValue | undefined {
  if (!text.includes("__ENCRYPTED__")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isEncrypted(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEncrypted(value: unknown): value is EncryptedValue {
  return isRecord(value) && value["__ENCRYPTED__"] === true && typeof value["data"] === "string";
}

function isEvent(value: unknown): value is CallEvent {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["ts"] === "number" && isRecord(value["data"]);
}

function isRecord(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
