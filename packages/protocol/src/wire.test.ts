import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { formatDuration, parseDurationMs, parseGoDurationMs } from "./duration.ts";
import { isLazyOpcode, isPriorityOpcode, OPCODES, parseOpcode } from "./opcode.ts";
import { formatSignature, normalizeSigningKey, parseSignature, signatureMessage, signingKeyPrefix } from "./signing.ts";
import { encodeUlid, isUlid, seededUlid, ulidTime } from "./ulid.ts";

describe("opcodes", () => {
  test("names are decoded without regard to case", () => {
    expect(OPCODES.map((opcode) => parseOpcode(opcode.toUpperCase()))).toEqual(OPCODES);
    expect(parseOpcode("AiGateway")).toBe("AIGateway");
    expect(parseOpcode("StepNotFound")).toBeUndefined();
  });

  test("only the defer ops are lazy; they and waits go first", () => {
    expect(OPCODES.filter(isLazyOpcode)).toEqual(["DeferAdd", "DeferAbort"]);
    expect(OPCODES.filter(isPriorityOpcode)).toEqual(["WaitForEvent", "DeferAdd", "DeferAbort"]);
  });
});

describe("signing", () => {
  const mac = (body: string) =>
    createHmac("sha256", normalizeSigningKey("signkey-test-8f0e5a3c")).update(signatureMessage(body, 1_700_000_000)).digest("hex");

  test("the protocol's test vectors", () => {
    const at = 1_700_000_000;
    expect(formatSignature({ at, mac: mac(canonicalJson({ b: 1, a: 2 })) })).toBe(
      "t=1700000000&s=a2f4e97a7704ab22fb1fa6d3dcfddea63d3b2ccd3e95c7d9ed8d97bf2f783e8f",
    );
    expect(mac("")).toBe("cf925cab87335c66c0cb504e92603b09daa733d51e1859fbfdca1515c81d6735");
  });

  test("a header is read back, in any order; anything else is refused", () => {
    expect(parseSignature(formatSignature({ at: 12, mac: "ab" }))).toEqual({ at: 12, mac: "ab" });
    expect(parseSignature("s=ab&t=12")).toEqual({ at: 12, mac: "ab" });
    for (const bad of ["", "t=12", "s=ab", "t=&s=ab", "t=1e3&s=ab", "t=-1&s=ab", "t=12&s="]) expect(parseSignature(bad)).toBeUndefined();
  });

  test("only one prefix is removed", () => {
    expect(normalizeSigningKey("abcd")).toBe("abcd");
    expect(normalizeSigningKey("signkey-prod-signkey-prod-ab")).toBe("signkey-prod-ab");
    expect(signingKeyPrefix("signkey-prod-ab")).toBe("signkey-prod-");
    expect(signingKeyPrefix("ab")).toBe("");
  });
});

describe("durations", () => {
  test.each([
    ["1w2d3h4m5s6ms", 788_645_006],
    ["1.5h", 5_400_000],
    ["0", 0],
    ["0s", 0],
    ["30s1m", 90_000],
    ["1us", 0.001],
    [".5s", 500],
  ])("%s", (text, ms) => {
    expect(parseDurationMs(text)).toBeCloseTo(ms, 9);
  });

  test.each(["", "1", "1 s", "1S", "-1s", "+1s", "s", "1x", "1h ", "2 days", "1d2"])("%j is refused", (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  test("Go's grammar has neither days nor weeks", () => {
    expect(parseGoDurationMs("1m30s")).toBe(90_000);
    expect(parseGoDurationMs("1d")).toBeUndefined();
    expect(parseGoDurationMs("1w")).toBeUndefined();
  });

  test.each([
    [0, "0s"],
    [-5, "0s"],
    [0.2, "1ms"],
    [1_500, "1s500ms"],
    [90_000_000, "1d1h"],
    [788_645_000, "1w2d3h4m5s"],
  ])("%d ms is written %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("property: whole milliseconds survive the round trip", () => {
    fc.assert(fc.property(fc.nat({ max: 40_000_000_000 }), (ms) => parseDurationMs(formatDuration(ms)) === ms));
  });
});

describe("ULIDs", () => {
  const entropy = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const ms = 1_700_000_000_000;

  test("the protocol's test vectors for seeds", () => {
    expect([0, 1, 2].map((index) => seededUlid({ ms, entropy, index }))).toEqual([
      "01HF7YAT00000G40R40M30E209",
      "01HF7YAT00000G40R40M30E20A",
      "01HF7YAT00000G40R40M30E20B",
    ]);
  });

  test("the counter wraps inside its four bytes", () => {
    const full = new Uint8Array([0, 0, 0, 0, 0, 5, 255, 255, 255, 255]);
    expect(seededUlid({ ms, entropy: full, index: 1 })).toBe(encodeUlid(ms, new Uint8Array([0, 0, 0, 0, 0, 5, 0, 0, 0, 0])));
  });

  test("property: the time is read back, and order follows time", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.nat(60_000), fc.uint8Array({ minLength: 10, maxLength: 10 }), (low, high, bytes) => {
        const time = high * 2 ** 31 + low;
        const ulid = encodeUlid(time, bytes);
        return isUlid(ulid) && ulidTime(ulid) === time && (time === 0 || ulid > encodeUlid(time - 1, bytes));
      }),
    );
  });

  test("text that is no ULID", () => {
    for (const bad of ["", "01HF7YAT00000G40R40M30E20", "81HF7YAT00000G40R40M30E209", "01HF7YAT00000G40R40M30E20U"]) {
      expect(isUlid(bad)).toBe(false);
      expect(ulidTime(bad)).toBeUndefined();
    }
  });
});
