/** PostgreSQL, which this version does not have. */
import { CliError } from "../cli-error.ts";
import type { Settings } from "./settings.ts";

/** Throws `CliError` where PostgreSQL is asked for: data must not go elsewhere than somebody meant. */
export function refusePostgres(settings: Settings): void {
  if (settings.text("postgres-uri") === undefined) return;
  throw new CliError(
    "PostgreSQL is not available yet: this version keeps its data in a SQLite file, and so runs on one machine.",
    "Leave --postgres-uri out, or PAWL_POSTGRES_URI and INNGEST_POSTGRES_URI where they are set.",
  );
}
