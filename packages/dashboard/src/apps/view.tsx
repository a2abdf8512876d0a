/** The apps that the server knows, how they are, and how to connect one. */
import type { ReactNode } from "react";
import type { UiApp, UiAppList } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { CopyButton } from "../controls/copy-button.tsx";
import { Problem, Skeleton } from "../controls/states.tsx";
import { Link } from "../router/location.tsx";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";
import { countOf } from "../time/format.ts";
import "./apps.css";

/** The page at `/apps`. */
export function AppsView(): ReactNode {
  const { data, error, reload } = useResource<UiAppList>("/apps");
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) reload();
  });
  return (
    <div className="page">
      <header className="page-head">
        <h1>{data === undefined ? "Apps" : headline(data.items)}</h1>
      </header>
      {error !== undefined && <Problem what="The apps can't be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton rows={3} />}
      {data !== undefined && data.items.length > 0 && (
        <ul className="cards" aria-label="Apps">
          {data.items.map((app) => (
            <AppCard key={app.id} app={app} />
          ))}
        </ul>
      )}
      <ConnectHelp />
    </div>
  );
}

function headline(apps: readonly UiApp[]): string {
  const broken = apps.filter((app) => app.error !== undefined).length;
  if (apps.length === 0) return "No app has registered yet.";
  return broken === 0
    ? `${countOf(apps.length, "app")}, all in order.`
    : `${broken} of ${countOf(apps.length, "app")} can't be reached or registered.`;
}

function AppCard({ app }: { readonly app: UiApp }): ReactNode {
  const isBroken = app.error !== undefined;
  return (
    <li className="card app-card" data-tone={isBroken ? "failed" : "completed"}>
      <span className="tone-text">
        <Glyph name={isBroken ? "failed" : "completed"} />
        {isBroken ? "Failing" : "Synced"}
      </span>
      <span className="stack-text">
        <b>{app.name === "" ? "not registered" : app.name}</b>
        {/^wss?:/.test(app.url) ? (
          <span>
            served by <Link href="/workers">workers</Link>
          </span>
        ) : (
          <code className="quiet">{app.url}</code>
        )}
      </span>
      <Link href={`/runs?app=${encodeURIComponent(app.name)}`}>{countOf(app.functionCount, "function")}</Link>
      <span className="quiet">{[app.framework, app.sdk].filter((part) => part !== "").join(" · ")}</span>
      <span className="quiet">
        <Ago at={app.syncedAt} />
      </span>
      {isBroken && <span className="app-error">{app.error}</span>}
    </li>
  );
}

function ConnectHelp(): ReactNode {
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
