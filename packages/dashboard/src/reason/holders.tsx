/** The runs that hold what another run waits for, as links. */
import type { ReactNode } from "react";
import { ShortId } from "../controls/copy-button.tsx";
import { Link } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";

type HoldersProps = {
  readonly runIds: readonly string[] | undefined;
  /** Links shown; the others are counted. Default 5. */
  readonly max?: number;
};

/** `held by 01J…8F2K, 01J…9A1B`; nothing where nobody is known. */
export function Holders({ runIds = [], max = 5 }: HoldersProps): ReactNode {
  if (runIds.length === 0) return null;
  const rest = runIds.length - max;
  return (
    <span className="holders">
      <span className="quiet">held by</span>
      {runIds.slice(0, max).map((id) => (
        <Link key={id} href={runPath(id)} aria-label={`Run ${id}, which holds it`}>
          <ShortId id={id} />
        </Link>
      ))}
      {rest > 0 && <span className="quiet">+{rest}</span>}
    </span>
  );
}
