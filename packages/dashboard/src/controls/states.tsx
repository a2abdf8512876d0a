/**
 * What stands where data would stand: empty, loading and error states, each with a next step.
 *
 * Spec: dashboard 2.6.
 */
import type { ReactNode } from "react";
import type { ApiError } from "../api/client.ts";
import { CopyButton } from "./copy-button.tsx";

type EmptyProps = {
  /** What would be here. */
  readonly title: string;
  /** Why it is empty now, and what to do. */
  readonly children?: ReactNode;
};

/** An empty page or list. */
export function Empty({ title, children }: EmptyProps): ReactNode {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What failed, its code, and a button to try again. */
export function Problem({
  error,
  what,
  onRetry,
}: {
  readonly error: ApiError;
  readonly what: string;
  readonly onRetry: () => void;
}): ReactNode {
  const diagnostics = [what, error.message, `code ${error.code}`, `status ${error.status}`, location.pathname + location.search].join("\n");
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{what}</strong> {error.message} {error.hint}
      </p>
      <p className="actions">
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
        <CopyButton text={diagnostics} name="Copy diagnostics" label="Copy diagnostics" className="button" />
        <code className="quiet">{error.status === 0 ? error.code : `${error.status} ${error.code}`}</code>
      </p>
    </div>
  );
}

/** Lines in place of rows that aren't there yet; appears after 150 ms so that fast answers don't flicker. */
export function Skeleton({ rows = 8 }: { readonly rows?: number }): ReactNode {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} style={{ width: `${92 - ((index * 37) % 41)}%` }} />
      ))}
    </div>
  );
}
