/** Catches what a page throws, so that the navigation stays. A fault here is a bug of the dashboard; the text is for reporting it. */
import { Component } from "react";
import type { ReactNode } from "react";
import { CopyButton } from "../controls/copy-button.tsx";

type BoundaryState = { readonly failure?: Error };

/** Shows the page, or what broke it. Give it a key, so that another page begins anew. */
export class Boundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override state: BoundaryState = {};

  static getDerivedStateFromError(failure: Error): BoundaryState {
    return { failure };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === undefined) return this.props.children;
    return (
      <div className="empty" role="alert">
        <h2>This page broke.</h2>
        <p>{failure.message}</p>
        <p className="actions">
          <button type="button" className="button" onClick={() => location.reload()}>
            Reload
          </button>
          <CopyButton
            text={`${location.href}\n${failure.stack ?? failure.message}`}
            name="Copy diagnostics"
            label="Copy diagnostics"
            className="button"
          />
        </p>
      </div>
    );
  }
}
