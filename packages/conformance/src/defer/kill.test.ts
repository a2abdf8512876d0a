/** A server that is killed between the moment at which a run defers and the start of what it has deferred. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeferApp, DeferClient } from "./load-defer.ts";
import { DeferWorld, type Transport } from "./world.ts";

/** A door that somebody waits at. */
class Gate {
  readonly #entered = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();
  readonly entered: Promise<void> = this.#entered.promise;

  pass(): Promise<void> {
    this.#entered.resolve();
    return this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

describe.each<Transport>(["HTTP", "Connect"])("over %s", (transport) => {
  let world: DeferWorld;
  let gates: ReadonlyMap<unknown, Gate>;
  /** What bodies of deferred functions were given. */
  let noted: unknown[];

  /** One note at a time; a run whose data names a gate waits there, in a step. */
  function define(client: DeferClient, app: DeferApp): readonly unknown[] {
    const note = client.createDefer(app, { id: "note", concurrency: 1 }, async ({ event: { data }, step }) => {
      await step.run("gate", () => gates.get(data["gate"])?.pass());
      await step.run("note", () => void noted.push(data["n"]));
      return data["n"];
    });
    const parent = app.createFunction(
      { id: "parent", retries: 0, triggers: [{ event: "test/parent" }] },
      async ({ event: { data }, defer, step }) => {
        defer("later", { function: note, data: { n: data["n"], gate: data["noteGate"] } });
        await step.run("before", () => 1);
        await step.run("gate", () => gates.get(data["gate"])?.pass());
        return "done";
      },
    );
    return [note, parent];
  }

  beforeEach(async () => {
    world = new DeferWorld();
    gates = new Map(["a", "b"].map((name) => [name, new Gate()]));
    noted = [];
    await world.start({ client: "pawl", checkpointing: true, transport, functions: define });
  });

  afterEach(async () => {
    for (const gate of gates.values()) gate.open();
    await world.close();
  });

  /** Everything that was deferred, when a last one has been given: one at a time runs, so what came twice has run before it. */
  async function allNoted(): Promise<readonly unknown[]> {
    await world.send("parent", { n: "last" });
    await world.watch.until("waiting for the last deferred run", () => noted.includes("last"));
    await world.watch.until("waiting for all runs to end", (runs) => [...runs.values()].every(({ endedAt }) => endedAt !== undefined));
    expect(world.runsOf("note").map(({ status }) => status)).toEqual(noted.map(() => "COMPLETED"));
    return noted;
  }

  test("while the run that defers goes on: the deferred one is started once, when it has ended", async () => {
    const eventId = await world.send("parent", { n: 1, gate: "a" });
    await gates.get("a")?.entered;
    await world.watch.until("waiting for the run to be known", () => world.runsOf("parent").length === 1);
    const [run] = world.runsOf("parent");
    expect((await world.watch.detail(run?.id ?? "")).defers).toHaveLength(1);
    await world.killServer();
    expect(world.runsOf("note")).toEqual([]);
    gates.get("a")?.open();
    expect((await world.watch.endedRunOf(eventId, "shop-parent")).run.status).toBe("COMPLETED");
    expect(await allNoted()).toEqual([1, "last"]);
  });

  test("when the run that deferred has ended, and the deferred one waits: it is started once", async () => {
    await world.send("parent", { n: 1, noteGate: "b" });
    await gates.get("b")?.entered;
    const { run } = await world.watch.endedRunOf(await world.send("parent", { n: 2 }), "shop-parent");
    expect(run.status).toBe("COMPLETED");
    await world.watch.until("waiting for the second deferred run to be held", () => world.runsOf("note").length === 2);
    await world.killServer();
    gates.get("b")?.open();
    expect(await allNoted()).toEqual([1, 2, "last"]);
  });
});
