/**
 * `pawl/encryption`: data is encrypted in the app, and the server sees ciphertext only. Needs the packages `@noble/ciphers` and `@noble/hashes`.
 *
 * Source: wire-protocol 13.1.
 */
import { Encryption, type EncryptionService } from "./encryption.ts";
import { decryptLegacy, secretbox } from "./secretbox.ts";

export { DecryptionError, type Encryption, type EncryptionService } from "./encryption.ts";

export type EncryptionOptions = {
  /** Encrypts, and decrypts. Any text; take one that nobody can guess, such as 32 random bytes in base64. */
  readonly key: string;
  /** Tried when the key doesn't fit: earlier keys, while data encrypted with them is about. */
  readonly fallbackDecryptionKeys?: readonly string[];
  /** Only decrypt: for taking encryption into use, or out of it, with several versions of the app running. Default: false. */
  readonly decryptOnly?: boolean;
  /** Field at the top of events' data that is encrypted. Default: `encrypted`. */
  readonly eventEncryptionField?: string;
  /** In place of secretbox; the keys are not used then. Must answer at once. */
  readonly encryptionService?: EncryptionService;
};

/**
 * Encryption for a client's option of the same name. Output of steps and functions is encrypted as a whole, and of the data of events only one
 * field, because the server needs the others. Throws a TypeError without a key.
 */
export function encryption(options: EncryptionOptions): Encryption {
  const { key, fallbackDecryptionKeys = [], decryptOnly = false, eventEncryptionField: field = "encrypted", encryptionService } = options;
  const keys = [key, ...fallbackDecryptionKeys];
  if (keys.some((one) => typeof one !== "string" || one.trim() === ""))
    throw new TypeError("encryption: `key` and `fallbackDecryptionKeys` must be non-empty strings.");
  if (field === "") throw new TypeError("encryption: `eventEncryptionField` must not be empty.");
  return new Encryption({
    service: encryptionService ?? secretbox(keys),
    decryptLegacy: (ciphertext) => decryptLegacy(keys, ciphertext),
    field,
    decryptOnly,
  });
}
