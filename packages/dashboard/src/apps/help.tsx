/** How to connect an app, below the list of apps. */
import type { ReactNode } from "react";
import { CopyButton } from "../controls/copy-button.tsx";

/** The lines to write and the command to start them with. */
export function ConnectHelp(): ReactNode {
  const command = `PAWL_DEV=${location.origin} node app.js`;
  return (
    <section className="help" aria-label="Connect an app">
      <h2>Connect an app</h2>
      <p>Serve its functions, and start it with the address of this server. In development it is found by itself on the usual ports.</p>
      <pre tabIndex={0}>{`import { Pawl } from "pawl";
import { createServer } from "pawl/node";

const client = new Pawl({ id: "shop" });
const hello = client.createFunction(
  { id: "hello", triggers: { event: "shop/hello" } },
  async ({ step }) => step.run("greet", () => "Hello!"),
);
createServer({ client, functions: [hello] }).listen(3000);`}</pre>
      <p>
        <code>{command}</code> <CopyButton text={command} name="Copy command" />
      </p>
    </section>
  );
}
