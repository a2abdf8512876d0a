/** `pawl dev`. Spec: semantics 11.9, 11.10; dashboard-and-cli 5.3. */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { runServer } from "../run/run-server.ts";
import type { Settings } from "./settings.ts";

const POLL_SECONDS = 5;
const DB = ".pawl/dev.db";

/** Runs a development server until a signal. */
export function dev(settings: Settings): Promise<number> {
  const path = resolve(settings.text("db") ?? DB);
  if (settings.isOn("fresh")) for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  const host = settings.text("host") ?? "127.0.0.1";
  return runServer({
    command: "dev",
    settings,
    path,
    synchronous: "normal",
    host,
    discovers: !settings.isOn("no-discovery"),
    pollSeconds: settings.integer("poll-interval") ?? POLL_SECONDS,
    triesNextPort: true,
    hasDashboard: true,
    warnings: ["127.0.0.1", "localhost", "::1"].includes(host)
      ? []
      : [`this server asks for no key and listens on ${host}: anyone who reaches it can read and start everything`],
  });
}
