/** Sends many events in batches, a few requests at a time. */
import { sendEvents, type TestEvent } from "@pawl/conformance";
import type { World } from "./scenario.ts";

const BATCH = 100;
const IN_FLIGHT = 4;

/** Resolves when all events are acknowledged. */
export async function sendMany(
  { server }: Pick<World, "server">,
  { count, event }: { readonly count: number; readonly event: (n: number) => TestEvent },
): Promise<void> {
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next = Math.min(count, next + BATCH);
      await sendEvents(
        server,
        Array.from({ length: next - from }, (_, index) => event(from + index)),
      );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
}
