import { hashStepId } from "@pawl/protocol";
import { expect, test } from "vitest";
import { op, ops } from "../fixtures/fixtures.ts";
import { endpointReply } from "./endpoint-reply.ts";

const error = { name: "TypeError", message: "no" };

test("a failure of the handler is a failed attempt, and what was done before it counts", () => {
  const done = [op({ op: "StepRun", id: "a", data: 1 }), op({ op: "DeferAdd", id: "d", opts: { fn_slug: "f" } })];
  const reply = ops(...done, op({ op: "StepError", id: hashStepId("complete"), error }));
  expect(endpointReply(reply)).toMatchObject({ kind: "failure", error, isRetryable: true, done });
  expect(endpointReply(ops(op({ op: "StepFailed", id: hashStepId("complete"), error })))).toMatchObject({ isRetryable: false, done: [] });
});

test("other answers stay what they are", () => {
  const reply = ops(op({ op: "StepError", id: "a", error }));
  expect(endpointReply(reply)).toBe(reply);
});
