import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTraceparent, spanOf } from "./traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const VALID = `00-${TRACE}-${SPAN}-01`;

describe("traceparent", () => {
  test.each([
    ["as it should be", VALID, VALID],
    ["not sampled", `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    ["with blanks around it", ` ${VALID}\t`, VALID],
    ["of a later version, that says more", `cc-${TRACE}-${SPAN}-01-what-the-future-brings`, VALID],
    ["of a later version", `01-${TRACE}-${SPAN}-01`, VALID],
  ])("%s is read", (_what, header, expected) => {
    expect(readTraceparent(header)).toBe(expected);
    expect(spanOf(expected)).toEqual({ traceId: TRACE, spanId: SPAN });
  });

  test.each([
    ["none", undefined],
    ["empty", ""],
    ["several", [VALID, VALID]],
    ["several in one", `${VALID}, ${VALID}`],
    ["of version 00 that says more", `${VALID}-00`],
    ["of a version that there can't be", `ff-${TRACE}-${SPAN}-01`],
    ["in capitals", VALID.toUpperCase()],
    ["without a trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["without a span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["too short", `00-${TRACE}-${SPAN}`],
    ["followed by a line", `${VALID}\nx`],
  ])("%s is as if it had not been sent", (_what, header) => {
    expect(readTraceparent(header)).toBeUndefined();
  });

  test("property: what is kept is 55 characters that are read as themselves", () => {
    const hex = fc.stringMatching(/^[0-9a-f]{0,40}$/);
    const header = fc.oneof(
      fc.string(),
      fc.array(hex, { minLength: 3, maxLength: 6 }).map((parts) => parts.join("-")),
      fc.constant(VALID),
    );
    fc.assert(
      fc.property(header, (text) => {
        const kept = readTraceparent(text);
        expect(kept === undefined || (kept.length === 55 && readTraceparent(kept) === kept)).toBe(true);
      }),
    );
  });
});
