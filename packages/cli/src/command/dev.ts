/** `pawl dev`. Spec: semantics 11.9, 11.10; dashboard-and-cli 5.3. */
import { join } from "node:path";
import { dataFileAt, deleteDatabase } from "../run/data-file.ts";
import { refusePostgres } from "./postgres.ts";
import type { Settings } from "./settings.ts";

const POLL_SECONDS = 5;
const DB = ".pawl/dev.db";

/** Hosts that only this machine reaches. */
const LOOPBACK: readonly string[] = ["127.0.0.1", "localhost", "::1"];

/** Runs a development server until a signal. Throws `CliError`. */
export async function dev(settings: Settings): Promise<number> {
  refusePostgres(settings);
  const data = dataFileAt(pathOf(settings));
  if (settings.isOn("fresh")) await deleteDatabase(data.path);
  const host = settings.text("host") ?? "127.0.0.1";
  // The server is not loaded for a command that is refused.
  const { runServer } = await import("../run/run-server.ts");
  return runServer({
    command: "dev",
    settings,
    data,
    synchronous: "normal",
    host,
    discovers: !settings.isOn("no-discovery"),
    pollSeconds: settings.integer("poll-interval") ?? POLL_SECONDS,
    triesNextPort: true,
    hasDashboard: true,
    warnings: LOOPBACK.includes(host)
      ? []
      : [`this server asks for no key and listens on ${host}: anyone who reaches it can read and start everything`],
  });
}

/** Undefined where data is not to be kept. */
function pathOf(settings: Settings): string | undefined {
  const folder = settings.text("sqlite-dir");
  return settings.text("db") ?? (folder === undefined ? undefined : join(folder, "dev.db")) ?? (settings.isOn("persist") ? DB : undefined);
}
