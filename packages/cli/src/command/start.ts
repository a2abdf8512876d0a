/** `pawl start`. Spec: semantics 11.10. */
import { join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { refusePostgres } from "./postgres.ts";
import type { Settings } from "./settings.ts";

/** Runs a production server until a signal. Throws `CliError` for missing keys. */
export async function start(settings: Settings): Promise<number> {
  checkKeys(settings);
  refusePostgres(settings);
  // The server is not loaded for a command that is refused.
  const { runServer } = await import("../run/run-server.ts");
  return runServer({
    command: "start",
    settings,
    data: { path: join(resolve(settings.text("sqlite-dir") ?? ".pawl"), "pawl.db"), isTemporary: false },
    synchronous: "full",
    host: settings.text("host") ?? "0.0.0.0",
    discovers: false,
    pollSeconds: settings.integer("poll-interval") ?? 0,
    triesNextPort: false,
    hasDashboard: !settings.isOn("no-ui"),
    warnings: [],
  });
}

function checkKeys(settings: Settings): void {
  const signingKey = settings.text("signing-key");
  if (signingKey === undefined) {
    throw new CliError(
      "pawl start needs a signing key.",
      "Make one with `openssl rand -hex 32` and pass it as PAWL_SIGNING_KEY, to the apps too.",
    );
  }
  assertHexadecimal("signing key", signingKey);
  assertHexadecimal("fallback signing key", settings.text("signing-key-fallback"));
  if (settings.texts("event-key").length === 0) {
    throw new CliError(
      "pawl start needs at least one event key.",
      "Choose a long random text and pass it as PAWL_EVENT_KEY, to the apps too.",
    );
  }
}

function assertHexadecimal(name: string, key: string | undefined): void {
  if (key === undefined || /^(?:[0-9a-f]{2})+$/i.test(key.replace(/^signkey-\w+-/, ""))) return;
  throw new CliError(`The ${name} must be hexadecimal with an even number of digits.`, "Make one with `openssl rand -hex 32`.");
}
