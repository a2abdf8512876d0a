/**
 * The ciphers of the protocol: secretbox, and for reading alone the passphrase format that came before it.
 *
 * I1  A nonce is never used twice: 24 random bytes each.
 *
 * Source: wire-protocol 13.1. Works wherever Web APIs do.
 */
import { cbc } from "@noble/ciphers/aes.js";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { md5 } from "@noble/hashes/legacy.js";
import type { EncryptionService } from "./encryption.ts";

const NONCE_BYTES = 24;
const KEY_BYTES = 32;
/** "Salted__", then 8 bytes of salt. */
const LEGACY_HEAD_BYTES = 16;
const LEGACY_MARK = "Salted__";
/** Arguments that one function call may have, with room to spare. */
const CHUNK = 0x80_00;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** XSalsa20-Poly1305. Encrypts with the first key, decrypts with whichever fits. */
export function secretbox(keys: readonly string[]): EncryptionService {
  const derived = keys.map((key) => blake2b(encoder.encode(key.trim()), { dkLen: KEY_BYTES }));
  return {
    identifier: "inngest/libsodium",
    encrypt(text) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      return toBase64(concat(nonce, xsalsa20poly1305(firstOf(derived), nonce).encrypt(encoder.encode(text))));
    },
    decrypt(ciphertext) {
      const bytes = fromBase64(ciphertext);
      const [nonce, box] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
      return firstThatFits(derived, (key) => decoder.decode(xsalsa20poly1305(key, nonce).decrypt(box)));
    },
  };
}

/** Reads AES-256-CBC whose key is derived from a passphrase as OpenSSL once did. Throws when no key fits. */
export function decryptLegacy(keys: readonly string[], ciphertext: string): string {
  const bytes = fromBase64(ciphertext);
  if (decoder.decode(bytes.subarray(0, LEGACY_MARK.length)) !== LEGACY_MARK)
    throw new Error(`The ciphertext doesn't begin with ${LEGACY_MARK}.`);
  const salt = bytes.subarray(LEGACY_MARK.length, LEGACY_HEAD_BYTES);
  return firstThatFits(keys, (passphrase) => {
    const material = deriveLegacy(encoder.encode(passphrase), salt);
    const text = decoder.decode(cbc(material.subarray(0, 32), material.subarray(32, 48)).decrypt(bytes.subarray(LEGACY_HEAD_BYTES)));
    // This format has no checksum; a wrong key is found out by what it yields.
    JSON.parse(text);
    return text;
  });
}

/** 32 bytes of key, 16 of initialisation vector. */
function deriveLegacy(passphrase: Uint8Array, salt: Uint8Array): Uint8Array {
  let block: Uint8Array = new Uint8Array(0);
  let material: Uint8Array = block;
  while (material.length < 48) {
    block = md5(concat(block, passphrase, salt));
    material = concat(material, block);
  }
  return material;
}

function firstOf(keys: readonly Uint8Array[]): Uint8Array {
  const [first] = keys;
  if (first === undefined) throw new Error("There is no key.");
  return first;
}

function firstThatFits<Key>(keys: readonly Key[], attempt: (key: Key) => string): string {
  let problem: unknown = new Error("There is no key.");
  for (const key of keys) {
    try {
      return attempt(key);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
