/**
 * The frame around every page: navigation, state of the stream, theme.
 *
 * Keys: `g` then `r`, `e`, `f`, `a` goes to a page; `n` opens the form for events; `/` goes to the search.
 */
import { useEffect } from "react";
import type { ReactNode } from "react";
import type { UiBoot } from "@pawl/protocol";
import { togglePause, useLiveState } from "../api/live.ts";
import type { LiveState } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { AppsView } from "../apps/view.tsx";
import { Empty } from "../controls/states.tsx";
import { EventsView } from "../events/view.tsx";
import { FunctionsView } from "../functions/view.tsx";
import { Link, navigate, useAddress } from "../router/location.tsx";
import { matchRoute, redirectOf } from "../router/routes.ts";
import type { Route } from "../router/routes.ts";
import { RunView } from "../run/view.tsx";
import { RunsView } from "../runs/view.tsx";
import { SendEventView } from "../send-event/view.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { ThemeButton } from "./theme.tsx";

const PAGES: readonly { readonly page: Route["page"]; readonly href: string; readonly label: string }[] = [
  { page: "runs", href: "/runs", label: "Runs" },
  { page: "events", href: "/events", label: "Events" },
  { page: "functions", href: "/functions", label: "Functions" },
  { page: "apps", href: "/apps", label: "Apps" },
];

/** The whole dashboard. */
export function Shell(): ReactNode {
  const { path, query } = useAddress();
  const redirect = redirectOf(path, query);
  useEffect(() => {
    if (redirect !== undefined) navigate(redirect, { isReplacing: true });
  }, [redirect]);
  useShortcuts();
  const route = matchRoute(path);
  useEffect(() => {
    if (route.page !== "run") document.title = `${PAGES.find(({ page }) => page === route.page)?.label ?? "Send event"} · Pawl`;
  }, [route.page]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <TopBar page={route.page === "run" ? "runs" : route.page} />
      <main id="main" tabIndex={-1}>
        {redirect === undefined && <Page route={route} />}
      </main>
    </div>
  );
}

function TopBar({ page }: { readonly page: Route["page"] }): ReactNode {
  const boot = useResource<UiBoot>("/boot").data;
  return (
    <header className="top">
      <Link href="/runs" className="logo" aria-label="Pawl, all runs">
        <Logo /> Pawl
      </Link>
      <nav aria-label="Pages">
        {PAGES.map((each) => (
          <Link key={each.page} href={each.href} aria-current={each.page === page ? "page" : undefined}>
            {each.label}
          </Link>
        ))}
      </nav>
      <span className="spring" />
      {boot !== undefined && (
        <span className="quiet server" title={`Data in ${boot.store}`}>
          {boot.kind === "dev" ? "dev" : "production"} {boot.version}
        </span>
      )}
      <LiveChip />
      <ThemeButton />
      <Link href="/send" className="button primary" aria-current={page === "send" ? "page" : undefined}>
        Send event
      </Link>
    </header>
  );
}

const LIVE_WORDS: { readonly [state in LiveState]: string } = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  paused: "Paused",
};

function LiveChip(): ReactNode {
  const state = useLiveState();
  return (
    <button
      type="button"
      className="live-chip"
      data-state={state}
      onClick={togglePause}
      title={state === "paused" ? "Go on with live updates" : "Pause live updates"}
    >
      <i aria-hidden="true" />
      {LIVE_WORDS[state]}
    </button>
  );
}

function Page({ route }: { readonly route: Route }): ReactNode {
  switch (route.page) {
    case "runs":
      return <RunsView />;
    case "run":
      return <RunView key={route.runId} runId={route.runId} />;
    case "events":
      return <EventsView />;
    case "functions":
      return <FunctionsView slug={route.slug} />;
    case "apps":
      return <AppsView />;
    case "send":
      return <SendEventView />;
    case "not-found":
      return (
        <Empty title="There is no such page.">
          <Link className="button" href="/runs">
            See all runs
          </Link>
        </Empty>
      );
  }
}

/** A ratchet's tooth and its catch. */
function Logo(): ReactNode {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M2 15V9l4 3V7l4 3V5l6 4v6z" fill="currentColor" />
      <path d="M16 2l-6 3" stroke="var(--now)" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
