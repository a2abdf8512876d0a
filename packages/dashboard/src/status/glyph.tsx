/**
 * The glyphs of the statuses: distinct silhouettes at 12 px, so that a status never hangs on colour alone. Always beside its word or name.
 *
 * Spec: dashboard 3.2, 6.5.
 */
import type { ReactNode } from "react";
import type { RunPhase } from "@pawl/protocol";
import { toneOfPhase, wordOf } from "./words.ts";
import type { GlyphName } from "./words.ts";

const OCTAGON = "M5.2 1.75h5.6l3.45 3.45v5.6l-3.45 3.45H5.2l-3.45-3.45V5.2z";

const SHAPES: { readonly [name in GlyphName]: ReactNode } = {
  queued: <circle cx="8" cy="8" r="5.75" strokeDasharray="1.6 2.01" />,
  held: <path d="M2.75 2v12M13.25 2v12M6.25 4.5v7M9.75 4.5v7M2.75 4.5h10.5M2.75 11.5h10.5" />,
  running: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 2.25a5.75 5.75 0 0 1 0 11.5z" fill="currentColor" stroke="none" />
    </>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 4.5V8l2.5 1.75" />
    </>
  ),
  retrying: <path d="M13.5 8a5.5 5.5 0 1 1-1.7-4M12.25 1.5v2.9h-2.9" />,
  paused: <path d="M5.5 3v10M10.5 3v10" strokeWidth="2.5" />,
  completed: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none" />
      <path d="M5 8.25l2.1 2.1L11.2 6" stroke="var(--paper)" />
    </>
  ),
  failed: (
    <>
      <path d={OCTAGON} fill="currentColor" stroke="none" />
      <path d="M5.75 5.75l4.5 4.5M10.25 5.75l-4.5 4.5" stroke="var(--paper)" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M4 12L12 4" />
    </>
  ),
  skipped: <path d="M8 1.75L14.25 8 8 14.25 1.75 8z" strokeDasharray="2.2 1.4" />,
  timed_out: (
    <>
      <circle cx="8" cy="9" r="5" />
      <path d="M8 6.25V9M6.25 1.75h3.5M8 1.75V4" />
    </>
  ),
};

/** A status' glyph in the current text colour. Decorative: the word stands beside it, or in the name of what holds it. */
export function Glyph({ name, size = 14 }: { readonly name: GlyphName; readonly size?: number }): ReactNode {
  return (
    <svg
      className="glyph"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
    >
      {SHAPES[name]}
    </svg>
  );
}

/** Glyph and word of a run's phase, in its tone. */
export function PhaseBadge({ phase }: { readonly phase: RunPhase }): ReactNode {
  return (
    <span className="badge" data-tone={toneOfPhase(phase)}>
      <Glyph name={phase} />
      {wordOf(phase)}
    </span>
  );
}
