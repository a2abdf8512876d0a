import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cutByEvent, cutBySize, type Cutter, readPieces, readWhole } from "./pieces.ts";

async function* source(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function piecesOf(cutter: Cutter, text: string, { size = 1, bytesMax = 1_000 } = {}): Promise<{ pieces: string[]; end: string }> {
  const pieces: string[] = [];
  const end = await readPieces(source(text, size), { cutter, bytesMax, give: (piece) => void pieces.push(piece) });
  return { pieces, end };
}

test("property: the pieces are the text, none larger than asked for, however it arrives", async () => {
  const size = fc.integer({ min: 1, max: 7 });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), size, async (text, step) => {
      const { pieces } = await piecesOf(cutBySize(8), text, { size: step });
      expect(pieces.join("")).toBe(text.toWellFormed());
      for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(8);
    }),
  );
});

test("property: an event stream is cut between events only", async () => {
  const text = fc.array(fc.constantFrom("data: 1", "\n", "\n\n", "\r\n", "é"), { maxLength: 30 }).map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (whole, size) => {
      const { pieces } = await piecesOf(cutByEvent(), whole, { size });
      expect(pieces.join("")).toBe(whole);
      for (const piece of pieces.slice(0, -1)) expect(piece).toMatch(/(\n\n|\r\n\r\n)$/);
    }),
  );
});

test("an event is given out when it is whole", async () => {
  const { pieces } = await piecesOf(cutByEvent(), "data: 1\n\ndata: 2\r\n\r\ndata: 3");
  expect(pieces).toEqual(["data: 1\n\n", "data: 2\r\n\r\n", "data: 3"]);
});

test("a stream ends at its limit, what came before is given out", async () => {
  const result = await piecesOf(cutBySize(4), "0123456789", { size: 3, bytesMax: 7 });
  expect(result).toEqual({ pieces: ["012", "345", "6"], end: "too-long" });
  expect(await piecesOf(cutBySize(4), "0123456", { size: 3, bytesMax: 7 })).toMatchObject({ end: "whole" });
});

test("a sender that breaks off is told from one that ends", async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from("ab");
    throw new Error("aborted");
  }
  const pieces: string[] = [];
  expect(await readPieces(broken(), { cutter: cutBySize(4), give: (piece) => void pieces.push(piece) })).toBe("broken-off");
  expect(pieces).toEqual(["ab"]);
  expect(await readWhole(broken(), 10)).toBe("broken-off");
  expect(await readWhole(source("abc", 2), 2)).toBe("too-long");
  expect(await readWhole(source("abc", 2), 3)).toEqual({ text: "abc" });
});
