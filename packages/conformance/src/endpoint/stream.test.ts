/**
 * Streams of durable endpoints, before and after the run goes on without its caller: our client and the official one, as server's app and as
 * the caller's reader, in all pairs.
 *
 * What the official client does otherwise: the last response of a run that it finished in a later request has no status, headers or plain body
 * (see endpoint.test.ts), so only that it comes is checked.
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http } from "../harness/http.ts";
import { loadStreams, STREAM_CLIENTS, type StreamClient } from "./load-endpoints.ts";
import { type Count, type EndpointWorld, endpointWorld, type Handlers } from "./world.ts";

/** Time in which a reader must have followed its run to the server, in seconds: what is sent there before is lost to it. */
const AWAY_S = 2;

const hashOf = (id: string): string => createHash("sha1").update(id).digest("hex");

const handlers = ({ step, stream }: StreamClient, count: Count): Handlers => {
  async function* words(): AsyncGenerator<string> {
    yield "one ";
    yield "two";
  }
  return {
    "/now": async () => {
      stream.push({ at: "start" });
      const text = await step.run("words", () => stream.pipe(words));
      return Response.json({ text });
    },
    "/sleep": async () => {
      await step.run("before", () => stream.push("before"));
      await step.sleep("z", `${AWAY_S}s`);
      await step.run("after", () => stream.push("after"));
      return Response.json("done");
    },
    "/retry": async () => {
      const tries = await step.run("flaky", () => {
        const times = count("retry");
        stream.push(`try ${times % 2}`);
        if (times % 2 === 1) throw new Error("once");
        return times;
      });
      return Response.json({ isEven: tries % 2 === 0 });
    },
  };
};

type Heard = {
  readonly runIds: Set<string>;
  /** In the order of arrival. */
  readonly events: unknown[];
};

/** Reads a stream to its end. */
async function listen(reader: StreamClient, url: string): Promise<Heard & { readonly response: Response }> {
  const heard: Heard = { runIds: new Set(), events: [] };
  const response = await reader.fetchWithStream(url, {
    onMetadata: ({ runId }) => void heard.runIds.add(runId),
    onData: ({ data, hashedStepId }) => void heard.events.push(["data", data, hashedStepId]),
    onCommit: ({ hashedStepId }) => void heard.events.push(["commit", hashedStepId]),
    onRollback: ({ hashedStepId }) => void heard.events.push(["rollback", hashedStepId]),
  });
  return { ...heard, response };
}

describe.each(STREAM_CLIENTS)("an endpoint of %s", (client) => {
  let world: EndpointWorld;

  beforeAll(async () => {
    const streaming = await loadStreams(client);
    world = await endpointWorld({ client, handlers: (_client, count) => handlers(streaming, count), retryIntervalS: AWAY_S });
  });

  afterAll(() => world?.close());

  describe.each(STREAM_CLIENTS)("read by %s", (readerName) => {
    test("chunks come with their step, are committed, and the answer is the last event", async () => {
      const { events, response, runIds } = await listen(await loadStreams(readerName), `${world.appUrl}/now`);
      expect(events).toEqual(
        expect.arrayContaining([
          ["data", { at: "start" }, null],
          ["data", "one ", hashOf("words")],
          ["data", "two", hashOf("words")],
          ["commit", hashOf("words")],
        ]),
      );
      expect(runIds.size).toBe(1);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ text: "one two" });
    });

    test("after a sleep in mid-stream, chunks and the answer come through the server", async () => {
      const { events, response, runIds } = await listen(await loadStreams(readerName), `${world.appUrl}/sleep`);
      const data = events.filter((event) => Array.isArray(event) && event[0] === "data");
      expect(data).toEqual([
        ["data", "before", hashOf("before")],
        ["data", "after", hashOf("after")],
      ]);
      expect(events).toContainEqual(["commit", hashOf("after")]);
      expect(runIds.size).toBe(1);
      expect(response.status).toBe(200);
      if (client === "pawl") expect(await response.json()).toBe("done");
    });

    test("chunks of a step that fails are rolled back, and come anew with the next attempt", async () => {
      const { events, response } = await listen(await loadStreams(readerName), `${world.appUrl}/retry`);
      const flaky = hashOf("flaky");
      expect(events).toEqual([
        ["data", "try 1", flaky],
        ["rollback", flaky],
        ["data", "try 0", flaky],
        ["commit", flaky],
      ]);
      expect(response.status).toBe(200);
    });
  });

  test("who asks for no stream gets the plain answer", async () => {
    expect(await http(`${world.appUrl}/now`)).toMatchObject({ status: 200, text: '{"text":"one two"}' });
  });
});
