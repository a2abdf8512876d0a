/** Why a sync failed, as people read it: what was seen, what to do, and the code to look up. */
import type { ReactNode } from "react";
import { syncFailure } from "./failure.ts";

/** The words. `error`: as the server keeps it. */
export function FailureWords({ error }: { readonly error: string }): ReactNode {
  const { what, remedy, code } = syncFailure(error);
  return (
    <>
      <p className="sync-problem">{what}</p>
      {remedy !== undefined && <p>{remedy}</p>}
      {code !== undefined && (
        <p>
          <code className="quiet">{code}</code>
        </p>
      )}
    </>
  );
}
