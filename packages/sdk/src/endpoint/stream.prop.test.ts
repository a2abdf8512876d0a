import * as fc from "fast-check";
import { expect, test } from "vitest";
import { APP, endpointTest, playToEnd } from "./endpoint.fixture.ts";
import { readEvents } from "./sse.ts";

/** What a handler does, one after the other. */
type Act =
  | { readonly kind: "push"; readonly value: number }
  /** Pushes within a step, which fails so often at first. */
  | { readonly kind: "step"; readonly value: number; readonly failures: number }
  | { readonly kind: "sleep" }
  /** The handler fails here once. */
  | { readonly kind: "throw" };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), value: fc.nat(99) }),
  fc.record({ kind: fc.constant("step" as const), value: fc.nat(99), failures: fc.nat(2) }),
  fc.record({ kind: fc.constant("sleep" as const) }),
  fc.record({ kind: fc.constant("throw" as const) }),
);

/** What a caller has who takes back what is rolled back: values that count. */
async function keptOf(text: string): Promise<readonly unknown[]> {
  let chunks: { readonly place: string | null; readonly data: unknown; counts: boolean }[] = [];
  for await (const { name, data } of readEvents(new Blob([text]).stream())) {
    const event = JSON.parse(data) as { readonly data?: unknown; readonly hashedStepId?: string | null };
    const place = event.hashedStepId ?? null;
    if (name === "inngest.stream") chunks.push({ place, data: event.data, counts: false });
    else if (name === "inngest.commit") for (const chunk of chunks) chunk.counts ||= chunk.place === place;
    else if (name === "inngest.rollback") chunks = chunks.filter((chunk) => chunk.counts || chunk.place !== place);
  }
  expect(chunks.every(({ counts }) => counts)).toBe(true);
  return chunks.map(({ data }) => data);
}

test("property: whatever fails and waits, who reads the stream has in the end each chunk once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 8 }), async (acts) => {
      const { client, server } = endpointTest();
      const failed = new Map<Act, number>();
      const mayFail = (of: Act, times: number): void => {
        const before = failed.get(of) ?? 0;
        if (before >= times) return;
        failed.set(of, before + 1);
        throw new Error("not yet");
      };
      const endpoint = client.endpoint(async (_request, { step, stream }) => {
        for (const each of acts) {
          if (each.kind === "push") stream.push(each.value);
          else if (each.kind === "sleep") await step.sleep("z", "1h");
          else if (each.kind === "throw") mayFail(each, 1);
          else
            await step.run("s", () => {
              stream.push(each.value);
              mayFail(each, each.failures);
            });
        }
        return new Response("done");
      });
      const first = await endpoint(new Request(APP, { headers: { accept: "text/event-stream" } }));
      const text = await first.text();
      if (server.run.output === undefined) await playToEnd(endpoint, server);
      const expected = acts.flatMap((each) => ("value" in each ? [each.value] : []));
      expect(await keptOf(text + server.teed.join(""))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
