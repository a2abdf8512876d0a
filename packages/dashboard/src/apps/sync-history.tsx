/** The syncs of an app, newest first: when, where from, what it changed or why it failed. */
import type { ReactNode } from "react";
import type { UiSync, UiValueChange } from "@pawl/protocol";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";
import { countOf, formatDuration } from "../time/format.ts";
import { FailureWords } from "./failure-words.tsx";
import { diffSummary, factName, hasDetails, moreChanged, sdkWords, slugsOf, sourceWords } from "./model.ts";
import type { SlugList } from "./model.ts";

/** The list. */
export function SyncHistory({ syncs }: { readonly syncs: readonly UiSync[] }): ReactNode {
  if (syncs.length === 0) return <p className="quiet">None is kept yet. The next one that changes something, or fails, is listed here.</p>;
  return (
    <ol className="syncs" aria-label="Syncs, newest first">
      {syncs.map((sync) => (
        <SyncItem key={sync.id} sync={sync} />
      ))}
    </ol>
  );
}

function SyncItem({ sync }: { readonly sync: UiSync }): ReactNode {
  const tone = sync.error === undefined ? "completed" : "failed";
  return (
    <li data-tone={tone}>
      <div className="sync-line">
        <span className="tone-text">
          <Glyph name={tone} size={12} />
          {sync.error === undefined ? "Synced" : "Failed"}
        </span>
        <span>{sourceWords(sync)}</span>
        <span className="spring" />
        {sync.durationMs !== undefined && <span className="quiet">took {formatDuration(sync.durationMs)}</span>}
        <span className="quiet">
          <Ago at={sync.at} />
        </span>
      </div>
      {sync.error === undefined ? <Changes sync={sync} /> : <FailureWords error={sync.error} />}
    </li>
  );
}

function Changes({ sync }: { readonly sync: UiSync }): ReactNode {
  const { diff } = sync;
  if (!hasDetails(diff)) return <p>{diffSummary(diff)}</p>;
  return (
    <details>
      <summary>{diffSummary(diff)}</summary>
      <div className="sync-details">
        <Slugs title="Added" list={slugsOf(diff, "added")} />
        <ChangedFunctions diff={diff} />
        <Slugs title="Removed" list={slugsOf(diff, "removed")} />
        {diff.app.length > 0 && (
          <section aria-label="The app itself">
            <h4>The app itself</h4>
            <ValueChanges changes={diff.app} nameOf={factName} />
          </section>
        )}
        <p className="quiet">{afterwards(sync)}</p>
      </div>
    </details>
  );
}

function Slugs({ title, list: { slugs, more } }: { readonly title: string; readonly list: SlugList }): ReactNode {
  if (slugs.length === 0) return null;
  return (
    <section aria-label={title}>
      <h4>{title}</h4>
      <ul>
        {slugs.map((slug) => (
          <li key={slug}>
            <code>{slug}</code>
          </li>
        ))}
        <More count={more} />
      </ul>
    </section>
  );
}

function ChangedFunctions({ diff }: { readonly diff: UiSync["diff"] }): ReactNode {
  if (diff.changed.length === 0) return null;
  return (
    <section aria-label="Changed">
      <h4>Changed</h4>
      <ul>
        {diff.changed.map(({ slug, changes }) => (
          <li key={slug}>
            <code>{slug}</code>
            <ValueChanges changes={changes} nameOf={String} />
          </li>
        ))}
        <More count={moreChanged(diff)} />
      </ul>
    </section>
  );
}

function More({ count }: { readonly count: number }): ReactNode {
  return count === 0 ? null : <li className="quiet">and {count.toLocaleString("en-US")} more, which are not kept</li>;
}

type ChangeProps = { readonly changes: readonly UiValueChange[]; readonly nameOf: (path: string) => string };

/** `path: before → after`, a line each. */
function ValueChanges({ changes, nameOf }: ChangeProps): ReactNode {
  return (
    <ul className="value-changes">
      {changes.map(({ path, before, after }) => (
        <li key={path}>
          {nameOf(path)}: <Value text={before} /> <span aria-hidden="true">→</span>
          <span className="hidden-text">becomes</span> <Value text={after} />
        </li>
      ))}
    </ul>
  );
}

function Value({ text }: { readonly text: string | undefined }): ReactNode {
  return text === undefined ? <span className="quiet">none</span> : <code>{text}</code>;
}

/** What the app was after it: `3 functions afterwards · pawl-js 1.2.0 · version 7`. */
function afterwards({ functionCount, sdk, framework, appVersion }: UiSync): string {
  const parts = [`${countOf(functionCount, "function")} afterwards`, sdkWords(sdk), framework, appVersion && `version ${appVersion}`];
  return parts.filter((part) => part !== undefined && part !== "").join(" · ");
}
