/** `npm run build`: what is published: the packages, the dashboard inside the command line, the documentation inside the server. */
import { chmodSync, cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildDashboard, run } from "./dashboard-build.ts";
import { inlineProtocol } from "./inline-protocol.ts";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages/cli/dist");

await run(join(root, "node_modules/.bin/tsc"), ["-b"], root);
inlineProtocol(root);
await buildDashboard(root);
rmSync(join(cli, "dashboard"), { recursive: true, force: true });
cpSync(join(root, "packages/dashboard/dist"), join(cli, "dashboard"), { recursive: true });
// The server answers questions out of the documentation (packages/server/src/mcp).
cpSync(join(root, "docs"), join(root, "packages/server/dist/docs"), { recursive: true });
chmodSync(join(cli, "main.js"), 0o755);
