/** How an app becomes a worker. */
import type { ReactNode } from "react";
import { CopyButton } from "../controls/copy-button.tsx";

/** The lines of code, and the command. */
export function ConnectWorkerHelp(): ReactNode {
  const command = `PAWL_DEV=${location.origin} node worker.js`;
  return (
    <section className="help" aria-label="Connect a worker">
      <h2>Connect a worker</h2>
      <p>
        It opens a WebSocket to this server and holds it. <code>maxWorkerConcurrency</code> says how many calls it takes at the same time.
      </p>
      <pre tabIndex={0}>{`import { Pawl } from "pawl";
import { connect } from "pawl/connect";

const client = new Pawl({ id: "shop" });
const hello = client.createFunction(
  { id: "hello", triggers: { event: "shop/hello" } },
  async ({ step }) => step.run("greet", () => "Hello!"),
);
await connect({ apps: [{ client, functions: [hello] }], maxWorkerConcurrency: 100 });`}</pre>
      <p>
        <code>{command}</code> <CopyButton text={command} name="Copy command" />
      </p>
    </section>
  );
}
