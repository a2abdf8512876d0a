/**
 * Realtime in React: `useRealtime`. React is the app's own; nothing else is needed.
 *
 * Source: sdk 20.
 */
import { useEffect, useState, useSyncExternalStore } from "react";
import type { AnyChannel } from "./realtime/channel.ts";
import type { RealtimeState } from "./realtime/state.ts";
import { RealtimeStore, type StoreOptions } from "./realtime/store.ts";
import type { TopicNames } from "./realtime/token.ts";

export { getClientSubscriptionToken, type ClientToken } from "./realtime/token.ts";
export type { ConnectionStatus, Messages, RealtimeState, RunStatus } from "./realtime/state.ts";
export type { RealtimeMessage } from "./realtime/message.ts";

export type UseRealtimeOptions<C extends string | AnyChannel = string, T extends readonly string[] = readonly string[]> = Omit<
  StoreOptions,
  "channel" | "topics"
> & {
  /** The channel, for its types and schemas; which one is subscribed to is a matter of the token. */
  readonly channel?: C;
  readonly topics?: T;
};

export type UseRealtimeResult<C extends string | AnyChannel = string, T extends string = string> = RealtimeState<C, T> & {
  /** Forgets what was received. */
  readonly reset: () => void;
};

/**
 * Subscribes while the component is mounted. `token` is best a function that asks the app's backend for one (there:
 * `getClientSubscriptionToken`); it need not be the same function each time.
 */
export function useRealtime<C extends string | AnyChannel = string, const T extends readonly TopicNames<C>[] = readonly TopicNames<C>[]>(
  options: UseRealtimeOptions<C, T>,
): UseRealtimeResult<C, T[number]> {
  const [store] = useState(() => new RealtimeStore());
  const state = useSyncExternalStore(store.watch, store.snapshot, store.snapshot);
  // After every render: the store compares what matters.
  useEffect(() => store.configure(options));
  useEffect(() => {
    const look = (): void => store.setHidden(document.visibilityState === "hidden");
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      store.stop();
    };
  }, [store]);
  return { ...(state as unknown as RealtimeState<C, T[number]>), reset: store.reset };
}
