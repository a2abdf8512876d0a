/** The frame around every page: navigation, state of the stream, theme. */
import { useCallback, useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { UiBoot } from "@pawl/protocol";
import { useResource } from "../api/resource.ts";
import { useSignedOut } from "../api/session.ts";
import { AppsView } from "../apps/view.tsx";
import { BulksView } from "../bulks/view.tsx";
import { Empty } from "../controls/states.tsx";
import { EventsView } from "../events/view.tsx";
import { FunctionsView } from "../functions/view.tsx";
import { KeysView } from "../keys/view.tsx";
import { Link, navigate, useAddress } from "../router/location.tsx";
import { matchRoute, redirectOf } from "../router/routes.ts";
import type { Route } from "../router/routes.ts";
import { RunView } from "../run/view.tsx";
import { RunsView } from "../runs/view.tsx";
import { SendEventView } from "../send-event/view.tsx";
import { SignInView } from "../sign-in/view.tsx";
import { WorkersView } from "../workers/view.tsx";
import { Boundary } from "./boundary.tsx";
import { HelpSheet } from "./help.tsx";
import { Icon, Logo } from "./icons.tsx";
import type { IconName } from "./icons.tsx";
import { LiveChip } from "./live-chip.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { ThemeButton } from "./theme.tsx";

const PAGES: readonly { readonly page: IconName; readonly href: string; readonly label: string }[] = [
  { page: "runs", href: "/runs", label: "Runs" },
  { page: "events", href: "/events", label: "Events" },
  { page: "functions", href: "/functions", label: "Functions" },
  { page: "apps", href: "/apps", label: "Apps" },
  { page: "workers", href: "/workers", label: "Workers" },
  { page: "send", href: "/send", label: "Send" },
];

/** Titles of pages that the navigation does not list. */
const OTHER_TITLES: { readonly [page in Route["page"]]?: string } = {
  send: "Send event",
  bulks: "Bulk operations",
  keys: "API keys",
  "not-found": "Not found",
};

/** The whole dashboard, or the form for the key that the server asks for. */
export function Shell(): ReactNode {
  return useSignedOut() ? <SignInView /> : <Pages />;
}

function Pages(): ReactNode {
  const { path, query } = useAddress();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const redirect = redirectOf(path, query);
  const route = matchRoute(path);
  useEffect(() => {
    if (redirect !== undefined) navigate(redirect, { isReplacing: true });
  }, [redirect]);
  useEffect(() => {
    if (route.page !== "run") document.title = `${titleOf(route.page)} · Pawl`;
  }, [route.page]);
  useShortcuts(useCallback(() => setHelpOpen(true), []));
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <TopBar page={route.page === "run" || route.page === "bulks" ? "runs" : route.page} onHelp={() => setHelpOpen(true)} />
      <main id="main" tabIndex={-1}>
        <Boundary place={path}>{redirect === undefined && <Page route={route} />}</Boundary>
      </main>
      {isHelpOpen && <HelpSheet onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

function titleOf(page: Route["page"]): string {
  return OTHER_TITLES[page] ?? PAGES.find((each) => each.page === page)?.label ?? "";
}

function TopBar({ page, onHelp }: { readonly page: Route["page"]; readonly onHelp: () => void }): ReactNode {
  const boot = useResource<UiBoot>("/boot").data;
  return (
    <header className="top">
      <Link href="/runs" className="logo" aria-label="Pawl, all runs">
        <Logo /> Pawl
      </Link>
      <nav aria-label="Pages">
        {PAGES.map((each) => (
          <Link
            key={each.page}
            href={each.href}
            className={each.page === "send" ? "nav-send" : undefined}
            aria-current={each.page === page ? "page" : undefined}
          >
            <Icon name={each.page} />
            {each.label}
          </Link>
        ))}
      </nav>
      <span className="spring" />
      {boot !== undefined && (
        <span className="quiet server" title="Kind of server · where its data lives · version">
          {boot.kind === "dev" ? "dev" : "production"} · {boot.store} · {boot.version}
        </span>
      )}
      <LiveChip />
      <Link href="/settings/keys" className="quiet-button" aria-current={page === "keys" ? "page" : undefined}>
        API keys
      </Link>
      <ThemeButton />
      <button type="button" className="quiet-button" aria-label="Keyboard" title="Keyboard (?)" onClick={onHelp}>
        ?
      </button>
      <Link href="/send" className="button primary" aria-current={page === "send" ? "page" : undefined}>
        Send event
      </Link>
    </header>
  );
}

function Page({ route }: { readonly route: Route }): ReactNode {
  switch (route.page) {
    case "runs":
      return <RunsView />;
    case "run":
      return <RunView key={route.runId} runId={route.runId} />;
    case "bulks":
      return <BulksView />;
    case "events":
      return <EventsView />;
    case "functions":
      return <FunctionsView slug={route.slug} />;
    case "apps":
      return <AppsView appId={route.appId} />;
    case "workers":
      return <WorkersView />;
    case "keys":
      return <KeysView />;
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
