/** The panel of one app: what is wrong with it, what can be done, its facts, its syncs. */
import type { ReactNode } from "react";
import type { UiApp, UiSync, UiSyncList } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { CopyButton } from "../controls/copy-button.tsx";
import { Fact } from "../controls/fact.tsx";
import { Problem, Skeleton } from "../controls/states.tsx";
import { Link } from "../router/location.tsx";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { countOf, formatMoment } from "../time/format.ts";
import { AppActions } from "./actions.tsx";
import { FailureWords } from "./failure-words.tsx";
import { lastGood, methodWords, nameOf, sdkWords } from "./model.ts";
import { SyncHistory } from "./sync-history.tsx";

type PanelProps = { readonly app: UiApp; readonly onChange: () => void };

/** The panel. `onChange` is called after an action that may have changed the list of apps. */
export function AppPanel({ app, onChange }: PanelProps): ReactNode {
  const { data, error, reload } = useResource<UiSyncList>(`/apps/${encodeURIComponent(app.id)}/syncs`);
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) reload();
  });
  const syncs = data?.items ?? [];
  const renew = (): void => {
    onChange();
    reload();
  };
  return (
    <aside className="panel" aria-label={`App ${nameOf(app)}`}>
      <PanelHead title={nameOf(app)} />
      {app.error !== undefined && <Failing error={app.error} syncs={syncs} />}
      <AppActions app={app} onChange={renew} />
      <AppFacts app={app} />
      <section aria-label="Syncs">
        <header className="json-head">
          <h3>Syncs</h3>
          <span className="quiet">what changed something or failed, newest first</span>
        </header>
        {error !== undefined && <Problem what="The syncs can’t be loaded." error={error} onRetry={reload} />}
        {data === undefined && error === undefined && <Skeleton rows={3} />}
        {data !== undefined && <SyncHistory syncs={syncs} />}
      </section>
    </aside>
  );
}

/** In the place of the panel of an app that the server does not know, or no longer. */
export function GoneApp(): ReactNode {
  return (
    <aside className="panel" aria-label="No such app">
      <PanelHead title="There is no such app." />
      <p>It was removed, or never registered here. When it registers again it is in the list.</p>
    </aside>
  );
}

function PanelHead({ title }: { readonly title: string }): ReactNode {
  return (
    <header className="panel-head">
      <h2>{title}</h2>
      <span className="spring" />
      <Link className="quiet" href="/apps" data-close="">
        Close
      </Link>
    </header>
  );
}

function Failing({ error, syncs }: { readonly error: string; readonly syncs: readonly UiSync[] }): ReactNode {
  const [last] = syncs;
  const good = lastGood(syncs);
  return (
    <section className="explainer" data-tone="failed" aria-label="Failing">
      <h2>
        <Glyph name="failed" />
        {last?.error === undefined ? "Failing" : <Since at={last.at} />}
      </h2>
      <FailureWords error={error} />
      {good !== undefined && (
        <p className="quiet">
          The last good sync was <Ago at={good.at} />, with {countOf(good.functionCount, "function")}. They stay as they are.
        </p>
      )}
    </section>
  );
}

function Since({ at }: { readonly at: number }): ReactNode {
  return (
    <span>
      Failing since <time dateTime={new Date(at).toISOString()}>{formatMoment(at, useNow(false))}</time>
    </span>
  );
}

function AppFacts({ app }: { readonly app: UiApp }): ReactNode {
  const { name, url, method, framework, appVersion, functionCount, syncedAt } = app;
  const sdk = sdkWords(app.sdk);
  return (
    <dl className="facts stacked wide-labels app-facts" aria-label="Facts">
      {method !== "connect" && (
        <Fact label="URL">
          <code>{url}</code>
          <CopyButton text={url} name="Copy the URL" />
        </Fact>
      )}
      <Fact label="Reached">
        {methodWords(app)}
        {method === "connect" && <Link href="/workers">See them</Link>}
      </Fact>
      {sdk !== "" && <Fact label="SDK">{sdk}</Fact>}
      {framework !== "" && <Fact label="Framework">{framework}</Fact>}
      {appVersion !== undefined && <Fact label="App version">{appVersion}</Fact>}
      <Fact label="Functions">
        {functionCount.toLocaleString("en-US")}
        {functionCount > 0 && <Link href={`/runs?app=${encodeURIComponent(name)}`}>See their runs</Link>}
      </Fact>
      <Fact label="Last sync">
        <Ago at={syncedAt} />
      </Fact>
    </dl>
  );
}
