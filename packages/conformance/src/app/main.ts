/** The process of an app: loads a client, defines the functions, listens on a port of 127.0.0.1 or connects, and tells its parent. */
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import type { ClientName } from "../harness/client-folder.ts";
import type { Report } from "../harness/app-process.ts";
import type { FunctionsModule } from "./kit.ts";
import { loadClient } from "./load-client.ts";

const setting = (name: string): string => process.env[`PAWL_APP_${name}`] ?? "";

const module = (await import(pathToFileURL(setting("FUNCTIONS")).href)) as FunctionsModule;
const checkpointing = setting("CHECKPOINTING");
const { kit, listener, connect } = await loadClient({
  client: setting("CLIENT") as ClientName,
  folder: setting("FOLDER"),
  appId: module.APP_ID,
  ...(checkpointing === "" ? {} : { checkpointing: checkpointing === "true" }),
});
const report = (message: Report): void => void process.send?.(message);
module.defineFunctions({ ...kit, report, onTold: (listen) => void process.on("message", (message) => listen(message as Report)) });

if (setting("CONNECT") === "") listen();
else await work(JSON.parse(setting("CONNECT")) as Readonly<Record<string, unknown>>);
// The parent is gone: nobody will end this process.
process.on("disconnect", () => process.exit(0));

function listen(): void {
  const server = createServer(listener());
  server.listen(Number(setting("PORT")), "127.0.0.1", () => {
    const address = server.address();
    report({ kind: "listening", port: typeof address === "object" && address !== null ? address.port : 0 });
  });
  process.once("SIGTERM", () => process.exit(0));
}

/** The client itself ends the connection at SIGTERM. */
async function work(options: Readonly<Record<string, unknown>>): Promise<void> {
  const connection = await connect(options);
  report({ kind: "connected" });
  void connection.closed.then(() => process.exit(0));
}
