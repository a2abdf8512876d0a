/** A labelled fact in a list of facts. */
import type { ReactNode } from "react";

/** The fact; stands in a `dl` with the class `facts`. */
export function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
