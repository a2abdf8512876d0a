/**
 * Digests and MACs on Web Crypto. On Node, an adapter installs synchronous ones on `node:crypto`, which spare the trip to a thread.
 */
export type Digests = {
  /** HMAC-SHA256 of a text under the text of a key, as lower-case hex. */
  hmac(key: string, message: string): string | Promise<string>;
  /** SHA-256, as lower-case hex. */
  sha256(bytes: Uint8Array<ArrayBuffer>): string | Promise<string>;
};

const encoder = new TextEncoder();

const webDigests: Digests = {
  async hmac(key, message) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
    return toHex(await crypto.subtle.sign("HMAC", imported, encoder.encode(message)));
  },
  async sha256(bytes) {
    return toHex(await crypto.subtle.digest("SHA-256", bytes));
  },
};

let installed: Digests | undefined;

/** Sets the digests of this process. The first call wins. */
export function installDigests(digests: Digests): void {
  installed ??= digests;
}

export function digests(): Digests {
  return installed ?? webDigests;
}

function toHex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of a text's UTF-8 form, as hex. */
export async function sha256OfText(text: string): Promise<string> {
  return digests().sha256(encoder.encode(text));
}

/** SHA-256 of bytes given as hex. Anything after the first pair that isn't hex is ignored, as servers do. */
export async function sha256OfHex(hex: string): Promise<string> {
  const pairs = /^(?:[0-9a-f]{2})*/i.exec(hex)?.[0].match(/../g) ?? [];
  return digests().sha256(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}
