/**
 * The calls to the app for a step: when, how long, how they ended, and when the next one is due.
 *
 * Spec: dashboard 3.4.
 */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiAttempt } from "@pawl/protocol";
import type { GlyphName, Tone } from "../status/words.ts";
import { Glyph } from "../status/glyph.tsx";
import { Countdown, Elapsed } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { formatInstant } from "../time/format.ts";
import { ErrorBlock } from "./error-block.tsx";

/** Newest attempts shown before more are asked for. */
const ATTEMPTS_SHOWN = 8;

type ListProps = {
  readonly title: string;
  readonly attempts: readonly UiAttempt[];
  /** Number every call; otherwise only those that repeat one. Default true. */
  readonly isNumbered?: boolean;
};

/** The attempts, newest first. */
export function AttemptList({ title, attempts, isNumbered = true }: ListProps): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const newestFirst = attempts.toReversed();
  const shown = isWhole ? newestFirst : newestFirst.slice(0, ATTEMPTS_SHOWN);
  const next = attempts.at(-1)?.retryAt;
  return (
    <section className="attempts" aria-label={title}>
      <header className="json-head">
        <h3>{title}</h3>
        <span className="quiet">{attempts.length}</span>
        <span className="spring" />
        {next !== undefined && (
          <span className="quiet">
            next <Countdown at={next} />
          </span>
        )}
      </header>
      <ol>
        {shown.map((attempt, index) => (
          <AttemptItem
            key={`${attempt.attempt}-${attempt.startedAt}`}
            attempt={attempt}
            isFirst={index === 0}
            isNumbered={isNumbered || attempt.attempt > 0}
          />
        ))}
      </ol>
      {shown.length < attempts.length && (
        <button type="button" className="quiet-button" onClick={() => setWhole(true)}>
          Show all {attempts.length}
        </button>
      )}
    </section>
  );
}

const GLYPHS: { readonly [outcome in UiAttempt["outcome"]]: GlyphName & Tone } = {
  running: "running",
  completed: "completed",
  failed: "failed",
  lost: "retrying",
};

type ItemProps = { readonly attempt: UiAttempt; readonly isFirst: boolean; readonly isNumbered: boolean };

function AttemptItem({ attempt, isFirst, isNumbered }: ItemProps): ReactNode {
  const now = useNow(false);
  const glyph = GLYPHS[attempt.outcome];
  return (
    <li data-tone={glyph}>
      <div className="attempt-line">
        <Glyph name={glyph} size={12} />
        {isNumbered && <b>{attempt.attempt + 1}</b>}
        <span>{attempt.outcome}</span>
        {attempt.httpStatus !== undefined && <code>HTTP {attempt.httpStatus}</code>}
        <span className="spring" />
        <time className="quiet" dateTime={new Date(attempt.startedAt).toISOString()}>
          {formatInstant(attempt.startedAt, now)}
        </time>
        <span className="attempt-duration">
          <Elapsed from={attempt.startedAt} until={attempt.endedAt} />
        </span>
      </div>
      {attempt.error !== undefined && (
        <details open={isFirst && attempt.retryAt !== undefined}>
          <summary>{attempt.error.message.split("\n")[0]}</summary>
          <ErrorBlock error={attempt.error} />
        </details>
      )}
    </li>
  );
}
