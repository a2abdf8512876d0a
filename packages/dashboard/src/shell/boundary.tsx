/** Catches what a page throws, so that the navigation stays. A fault here is a bug of the dashboard; the text is for reporting it. */
import { Component } from "react";
import type { ReactNode } from "react";
import { CopyButton } from "../controls/copy-button.tsx";

/** `place`: where the reader is; a failure stays until that is another. */
type BoundaryProps = { readonly place: string; readonly children: ReactNode };

type BoundaryState = { readonly place: string; readonly failure: Error | undefined };

/** Shows the page, or what broke it. What is kept of a page from place to place, such as the focus in a list beside its panel, stays. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { place: this.props.place, failure: undefined };

  static getDerivedStateFromError(failure: Error): Pick<BoundaryState, "failure"> {
    return { failure };
  }

  static getDerivedStateFromProps({ place }: BoundaryProps, state: BoundaryState): BoundaryState | null {
    return state.place === place ? null : { place, failure: undefined };
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
