/**
 * Secrets that the server makes for itself, such as the keys of the tokens it signs.
 *
 * I1  A secret is random, made when it is first asked for, and the same from then on; none is part of the program.
 * I2  With a file, secrets outlive the process. The file is readable by its owner only, and replaced as a whole or not at all.
 *
 * One process at a time uses a file: the database beside it is locked by its server.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const SECRET_BYTES = 32;

/** The secret of a name; 32 bytes. */
export type LoadSecret = (name: string) => Uint8Array;

/** Secrets in a file, or, without a path, in memory for as long as the server lives. Throws when the file exists and can't be read. */
export function openSecrets(path?: string): LoadSecret {
  const secrets = new Map(path === undefined ? [] : Object.entries(readSecrets(path)));
  return (name) => {
    let text = secrets.get(name);
    if (text === undefined) {
      text = randomBytes(SECRET_BYTES).toString("base64url");
      secrets.set(name, text);
      if (path !== undefined) writeSecrets(path, Object.fromEntries(secrets));
    }
    return Buffer.from(text, "base64url");
  };
}

function readSecrets(path: string): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return {};
    throw error;
  }
  const parsed = parse(text);
  if (parsed !== undefined) return parsed;
  throw new Error(
    `The secrets in ${path} can't be read: expected a JSON object of texts of ${SECRET_BYTES} bytes in base64url. ` +
      "Restore the file, or delete it: then tokens that are out stop working.",
  );
}

/** Undefined where the text is not what `writeSecrets` writes. */
function parse(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const isSecret = (secret: unknown): boolean =>
      typeof secret === "string" && Buffer.from(secret, "base64url").byteLength === SECRET_BYTES;
    return Object.values(value).every(isSecret) ? (value as Readonly<Record<string, string>>) : undefined;
  } catch {
    return undefined;
  }
}

function writeSecrets(path: string, secrets: Readonly<Record<string, string>>): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: "w" });
  renameSync(draft, path);
}
