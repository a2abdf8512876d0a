import { describe, expect, test } from "vitest";
import { attemptSpanId, idsOf, runIds, stepSpanId } from "./span-ids.ts";

describe("ids of spans", () => {
  test("the protocol's test vectors", () => {
    expect(idsOf("hello")).toEqual({ traceId: "71eeab122c16e2337e13aa425bc51912", spanId: "b5c2db5b06a644c5" });
    const step = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8";
    expect([attemptSpanId(step, 0), stepSpanId(step)]).toEqual(["b017a66031df8079", "2d32f4eb8dbb5b91"]);
  });

  test("a run's are those of the 16 bytes of its id, in either case", () => {
    const runId = "01HF7YAT00000G40R40M30E20A";
    const bytes = Buffer.from(hexOf(runId), "hex");
    expect(runIds(runId)).toEqual(idsOf(bytes));
    expect(runIds(runId.toLowerCase())).toEqual(runIds(runId));
  });
});

/** Another way to the bytes of a ULID: bit by bit. */
function hexOf(ulid: string): string {
  const bits = ulid
    .split("")
    .map((character) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(character).toString(2).padStart(5, "0"))
    .join("");
  return (bits.slice(2).match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, "0")).join("");
}
