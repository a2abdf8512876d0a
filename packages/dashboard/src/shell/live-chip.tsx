/** The state of the stream, and the switch that pauses it. Spec: dashboard 2.10. */
import type { ReactNode } from "react";
import { togglePause, useLive, useLiveState } from "../api/live.ts";
import type { LiveState } from "../api/live.ts";

const WORDS: { readonly [state in LiveState]: string } = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  paused: "Paused",
};

/** A button that says whether the page is live; a click pauses or resumes. */
export function LiveChip(): ReactNode {
  const state = useLiveState();
  // Keeps the stream open on pages that show nothing live, so that the chip tells the truth there as well.
  useLive(ignore);
  return (
    <button
      type="button"
      className="live-chip"
      data-state={state}
      data-shortcut="."
      onClick={togglePause}
      title={state === "paused" ? "Go on with live updates" : "Pause live updates"}
    >
      <i aria-hidden="true" />
      <span role="status">{WORDS[state]}</span>
    </button>
  );
}

function ignore(): void {}
