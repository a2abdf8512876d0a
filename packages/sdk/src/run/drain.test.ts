import { describe, expect, test } from "vitest";
import { afterMicrotasks, hop } from "./drain.ts";

describe.each([
  ["Node's", afterMicrotasks],
  ["the portable", hop],
])("%s form", (_name, drain) => {
  test("calls back after chains of microtasks, also when called from a callback", async () => {
    const seen: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let i = 0; i < 25; i++) await Promise.resolve();
      seen.push(name);
    };
    await new Promise<void>((resolve) => {
      void chain("first");
      drain(() => {
        seen.push("idle");
        void chain("second");
        drain(() => {
          seen.push("idle again");
          resolve();
        });
      });
    });
    expect(seen).toEqual(["first", "idle", "second", "idle again"]);
  });
});
