/** Asking again at intervals, for what the stream of changes does not tell. */
import { useEffect } from "react";

/** Calls `reload` every `everyMs` while `isOn`; not in a hidden tab. */
export function usePolling(reload: () => void, { everyMs, isOn }: { readonly everyMs: number; readonly isOn: boolean }): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [isOn, everyMs, reload]);
}
