/** Signs of the pages, for the bar at the bottom of narrow screens; and the logo. Always beside a word. */
import type { ReactNode } from "react";

export type IconName = "runs" | "events" | "functions" | "apps" | "workers" | "send";

const SHAPES: { readonly [name in IconName]: string } = {
  runs: "M2 4h7M5 8h9M3 12h6",
  events: "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
  functions:
    "M6 2.5H5A1.5 1.5 0 0 0 3.5 4v2.5L2 8l1.5 1.5V12A1.5 1.5 0 0 0 5 13.5h1M10 2.5h1A1.5 1.5 0 0 1 12.5 4v2.5L14 8l-1.5 1.5V12a1.5 1.5 0 0 1-1.5 1.5h-1",
  apps: "M2.5 2.5h4.25v4.25H2.5zM9.25 2.5h4.25v4.25H9.25zM2.5 9.25h4.25v4.25H2.5zM9.25 9.25h4.25v4.25H9.25z",
  workers: "M2.5 3h11v3.75h-11zM2.5 9.25h11V13h-11zM5 4.9h1M5 11.1h1",
  send: "M14 2L7 9M14 2L9.5 14 7 9 2 6.5z",
};

/** A page's sign. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.4">
      <path d={SHAPES[name]} />
    </svg>
  );
}

/** A rack of teeth and the catch that lets it turn only forward. */
export function Logo(): ReactNode {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="square"
    >
      <path d="M2 13.25h2.5l0-3 3 3 0-3 3 3 0-3 3 3" />
      <path d="M3 3.25l6.5 4.5" />
      <circle cx="3" cy="3.25" r="1.1" fill="currentColor" />
    </svg>
  );
}
