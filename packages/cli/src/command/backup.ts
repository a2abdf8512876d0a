/**
 * `pawl backup <file>`: asks a running server for a copy of its data.
 *
 * I1  The file has its name only when all of it has arrived and is on the disk; one that exists is never replaced.
 */
import { existsSync } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import type { Settings } from "./settings.ts";

const URL_DEFAULT = "http://localhost:8288";

/** Fetches a backup. Throws `CliError` for what the caller can put right. */
export async function backup(settings: Settings, file: string): Promise<number> {
  const path = resolve(file);
  if (existsSync(path)) throw new CliError(`${path} exists already.`, "Name a file that does not exist.");
  if (!existsSync(dirname(path))) throw new CliError(`There is no folder ${dirname(path)}.`, "Make it, or name a file elsewhere.");
  const base = settings.text("base-url") ?? URL_DEFAULT;
  const response = await ask(base, settings.text("signing-key"));
  const bytes = await save(response, path);
  process.stdout.write(settings.isOn("json") ? `${JSON.stringify({ path, bytes })}\n` : sentence(path, bytes));
  return 0;
}

function sentence(path: string, bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB are in ${path}. A server started with this file goes on from here.\n`;
}

async function ask(base: string, signingKey: string | undefined): Promise<Response> {
  const headers = signingKey === undefined ? {} : { authorization: `Bearer ${signingKey}` };
  const response = await fetch(urlOf(base), { method: "POST", headers }).catch((error: unknown) => {
    const { cause } = error as { readonly cause?: unknown };
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : String(error);
    throw new CliError(`No server answers at ${base} (${reason}).`, "Start it, or say where it is: --base-url URL.");
  });
  if (response.ok) return response;
  throw await refusalOf(response, base);
}

function urlOf(base: string): URL {
  const url = URL.parse("ui/v1/backup", base.endsWith("/") ? base : `${base}/`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CliError(`${base} is no address of a server.`, "Give one such as http://localhost:8288.");
  return url;
}

async function refusalOf(response: Response, base: string): Promise<CliError> {
  if (response.status === 401 || response.status === 403)
    return new CliError("The server asks for its signing key.", "Pass it as PAWL_SIGNING_KEY; an API key is not enough.");
  const body = (await response.json().catch(() => undefined)) as
    | { readonly error?: { readonly message?: string; readonly hint?: string } }
    | undefined;
  const { message = `${base} answered ${response.status} instead of a backup.`, hint = "Is it a Pawl server of this version?" } =
    body?.error ?? {};
  return new CliError(message, hint);
}

/** How many bytes were saved (I1). */
async function save(response: Response, path: string): Promise<number> {
  const part = `${path}.part`;
  const file = await open(part, "w", 0o600);
  try {
    const bytes = await write(response, file);
    await file.sync();
    await file.close();
    await rename(part, path);
    return bytes;
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
}

async function write(response: Response, file: FileHandle): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    await file.writeFile(chunk);
    bytes += chunk.byteLength;
  }
  const expected = Number(response.headers.get("content-length"));
  if (bytes !== expected) throw new Error(`The backup was cut off: ${bytes} of ${expected} bytes arrived`);
  return bytes;
}
