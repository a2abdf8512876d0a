import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { firstSignal } from "./signals.ts";

function listen(): { readonly source: EventEmitter; readonly codes: number[]; readonly stopped: Promise<void> } {
  const source = new EventEmitter();
  const codes: number[] = [];
  return { source, codes, stopped: firstSignal({ source, exit: (code) => codes.push(code) }) };
}

test.each(["SIGINT", "SIGTERM", "disconnect"])("%s asks for an orderly end", async (signal) => {
  const { source, codes, stopped } = listen();
  source.emit(signal);
  await stopped;
  expect(codes).toEqual([]);
});

test.each([
  ["SIGINT", "SIGINT", 130],
  ["SIGINT", "SIGTERM", 143],
  ["SIGTERM", "SIGINT", 130],
  ["disconnect", "SIGTERM", 143],
])("%s, then %s: ends at once", async (first, second, code) => {
  const { source, codes, stopped } = listen();
  source.emit(first);
  await stopped;
  source.emit(second);
  expect(codes).toEqual([code]);
});

test("losing the channel while stopping changes nothing", async () => {
  const { source, codes, stopped } = listen();
  source.emit("SIGTERM");
  await stopped;
  source.emit("disconnect");
  expect(codes).toEqual([]);
});
