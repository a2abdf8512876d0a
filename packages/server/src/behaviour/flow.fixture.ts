/** Functions with flow control. */
import { type World, worldOf } from "./world.fixture.ts";

/** A world with a function of these options whose runs end at once, or take the time that the event says. */
export function limited(options: Readonly<Record<string, unknown>>): Promise<World> {
  const world: Promise<World> = worldOf({
    f: {
      options,
      script: async ({ step, event }) => {
        const duration = event.data["takes"];
        if (typeof duration === "string") await step.sleep("nap", duration);
        return event.data["n"] ?? null;
      },
    },
  });
  return world;
}

export async function sendMany(world: World, count: number, data: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await world.send("shop/f", { ...data, n }));
  return ids;
}

/** When the runs began, seconds. */
export async function begins(world: World): Promise<readonly number[]> {
  return (await world.runs("f")).map(({ began }) => (began ?? Number.NaN) / 1_000);
}

export async function reasons(world: World, eventId: string): Promise<readonly string[]> {
  return (await world.outcomes(eventId)).map(({ reason }) => reason);
}

/** A parent that invokes `shop-f` and gives back what came of it, beside the function itself. */
export async function invoking(options: Readonly<Record<string, unknown>>): Promise<World> {
  return worldOf({
    f: { options, script: ({ step }) => step.sleep("nap", "1m") },
    parent: {
      script: async ({ step, event }) => {
        try {
          return { result: await step.invoke("call", { function_id: "shop-f", payload: { data: event.data }, timeout: "1d" }) };
        } catch (error) {
          return { error: String(error) };
        }
      },
    },
  });
}
