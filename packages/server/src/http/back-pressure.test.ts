import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, expect, test } from "vitest";
import { type PressureLimits, refuseUnderPressure } from "./back-pressure.ts";

const LIMITS: PressureLimits = { bodyBytes: 100, pendingEvents: 5, pendingBytes: 1_000 };

let app: FastifyInstance;
afterEach(() => app.close());

function serverWith(pendingEvents: { count: number; bytes: number }) {
  const open: (() => void)[] = [];
  app = Fastify();
  app.post("/", { onRequest: refuseUnderPressure({ pendingEvents }, LIMITS) }, async ({ body }) => {
    if ((body as { readonly waits?: boolean }).waits === true) await new Promise<void>((resolve) => open.push(resolve));
    return "ok";
  });
  const post = (payload: object) => app.inject({ method: "POST", url: "/", payload });
  return { post, open };
}

test.each([
  [{ count: 6, bytes: 0 }, 503],
  [{ count: 0, bytes: 1_001 }, 503],
  [{ count: 5, bytes: 1_000 }, 200],
])("with %j in hand, a request is answered with %d", async (pending, status) => {
  const answer = await serverWith(pending).post({});
  expect(answer.statusCode).toBe(status);
  if (status === 503) expect([answer.headers["retry-after"], answer.json().error]).toEqual(["1", expect.stringContaining("again")]);
});

test("bodies that are being worked on count until they are answered; a large one alone is taken", async () => {
  const { post, open } = serverWith({ count: 0, bytes: 0 });
  const first = post({ waits: true, text: "x".repeat(500) });
  while (open.length === 0) await new Promise(setImmediate);
  expect((await post({})).statusCode).toBe(503);
  open[0]?.();
  expect((await first).statusCode).toBe(200);
  expect((await post({})).statusCode).toBe(200);
});
