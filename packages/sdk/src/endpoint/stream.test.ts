import { hashStepId } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { turn } from "../run/call.fixture.ts";
import { fetchWithStream } from "./client.ts";
import { again, APP, endpointTest, playToEnd } from "./endpoint.fixture.ts";
import { eventText, readEvents, responseText } from "./sse.ts";

const streamed = (url = APP) => new Request(url, { headers: { accept: "text/event-stream" } });

/** Names and data of the events in a text. */
async function eventsIn(body: ReadableStream<Uint8Array> | null): Promise<readonly (readonly [string, any])[]> {
  const events: [string, any][] = [];
  if (body !== null) for await (const { name, data } of readEvents(body)) events.push([name.replace("inngest.", ""), JSON.parse(data)]);
  return events;
}

const bytes = (...chunks: readonly string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

async function* words(): AsyncGenerator<string> {
  yield "one ";
  yield "";
  yield "two";
}

describe("a stream", () => {
  test("begins with the run, ends with the answer; chunks are committed when their step is stored", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step, stream }) => {
      stream.push({ n: 1 });
      const text = await step.run("words", () => stream.pipe(words));
      return new Response(text, { status: 201 });
    });
    const answer = await endpoint(streamed());
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const hashedStepId = hashStepId("words");
    expect(await eventsIn(answer.body)).toEqual([
      ["metadata", { runId: server.run.id }],
      ["stream", { data: { n: 1 } }],
      ["stream", { data: "one ", hashedStepId }],
      ["stream", { data: "two", hashedStepId }],
      ["commit", { hashedStepId }],
      ["commit", { hashedStepId: null }],
      ["response", { status: "succeeded", response: { body: "one two", headers: expect.anything(), statusCode: 201 } }],
    ]);
  });

  test("goes on at the server: nothing is sent twice, and what a failed attempt sent is rolled back", async () => {
    const { client, server } = endpointTest();
    let tries = 0;
    const endpoint = client.endpoint(async (_request, { step, stream }) => {
      stream.push("start");
      await step.run("a", () => stream.push("in a"));
      stream.push("between");
      await step.sleep("z", "1h");
      stream.push("awake");
      await step.run("b", () => {
        tries += 1;
        stream.push(`try ${tries}`);
        if (tries === 1) throw new Error("once");
      });
      stream.push("end");
      return new Response("done");
    });
    const first = await eventsIn((await endpoint(streamed())).body);
    const { id } = server.run;
    expect(first.filter(([name]) => name !== "commit")).toEqual([
      ["metadata", { runId: id }],
      ["stream", { data: "start" }],
      ["stream", { data: "in a", hashedStepId: hashStepId("a") }],
      ["stream", { data: "between" }],
      [
        "redirect_info",
        {
          runId: id,
          url: "http://server.test/v1/realtime/sse?token=rt",
          outputUrl: `http://server.test/v1/http/runs/${id}/output?token=token-${id}`,
        },
      ],
    ]);
    await playToEnd(endpoint, server);
    const rest = await eventsIn(bytes(...server.teed));
    const b = { hashedStepId: hashStepId("b") };
    const metadata = ["metadata", { runId: id }];
    expect(rest).toEqual([
      metadata,
      ["stream", { data: "awake" }],
      ["stream", { data: "try 1", ...b }],
      ["rollback", b],
      ["rollback", { hashedStepId: null }],
      metadata,
      ["stream", { data: "awake" }],
      ["stream", { data: "try 2", ...b }],
      ["commit", b],
      ["commit", { hashedStepId: null }],
      metadata,
      ["stream", { data: "end" }],
      ["commit", { hashedStepId: null }],
      ["response", { status: "succeeded", response: { body: "done", headers: expect.anything(), statusCode: 200 } }],
    ]);
  });

  test("of a call that runs one step has that step's chunks only", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step, stream }) => {
      stream.push("outside");
      await Promise.all(["p", "q"].map((id) => step.run(id, () => stream.push(id))));
      return new Response("");
    });
    await eventsIn((await endpoint(streamed())).body);
    await endpoint(again(server.run, { "x-inngest-step-id": hashStepId("q") }));
    expect((await eventsIn(bytes(...server.teed))).map(([, data]) => data.data)).toEqual([undefined, "q", undefined]);
  });

  test("is not sent where nobody asked for it", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step, stream }) => {
      await step.sleep("z", "1h");
      stream.push("nobody hears this");
      return Response.json(await step.run("words", () => stream.pipe(words)));
    });
    expect((await endpoint(new Request(APP))).status).toBe(302);
    await playToEnd(endpoint, server);
    expect([server.teed, server.run.output?.body]).toEqual([[], '"one two"']);
  });

  test("ends with a failure that is one", async () => {
    const { client } = endpointTest();
    const endpoint = client.endpoint(() => Promise.reject(new Error("broken")), { retries: 0 });
    const events = await eventsIn((await endpoint(streamed())).body);
    expect(events.at(-1)).toMatchObject(["response", { status: "failed", response: { statusCode: 500 } }]);
  });

  test("whose reader has gone lets the handler go on", async () => {
    const { client, server } = endpointTest();
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const endpoint = client.endpoint(async (_request, { stream }) => {
      await gate;
      const text = await stream.pipe(async function* () {
        for (let n = 0; n < 10; n++) yield "x".repeat(100_000);
      });
      return new Response(String(text.length));
    });
    const answer = await endpoint(streamed());
    await answer.body?.cancel();
    release();
    await turn();
    await turn();
    expect(server.run.output?.body).toBe("1000000");
  });

  test("is kept alive by comments while nothing is sent", async () => {
    const { client } = endpointTest();
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const endpoint = client.endpoint(() => gate.then(() => new Response("late")));
    const reader = (await endpoint(streamed())).body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toContain("metadata");
    for (let n = 0; n < 2; n++) {
      client.clock.advance(15_000);
      expect(await read()).toBe(":\n\n");
    }
    release();
    expect(await read()).toContain("late");
    await reader?.read();
    expect(client.clock.timerCount).toBe(0);
  });

  test("waits for a slow reader", async () => {
    const { client } = endpointTest();
    let sent = 0;
    const endpoint = client.endpoint(async (_request, { stream }) => {
      await stream.pipe(async function* () {
        for (; sent < 20; sent++) yield "x".repeat(100_000);
      });
      return new Response("");
    });
    const answer = await endpoint(streamed());
    await turn();
    expect(sent).toBeLessThan(5);
    await eventsIn(answer.body);
    expect(sent).toBe(20);
  });

  test("that can't be sent through the server is dropped with a warning", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step, stream }) => {
      await step.sleep("z", "1h");
      stream.push(1);
      return new Response("done");
    });
    await eventsIn((await endpoint(streamed())).body);
    server.fate = ({ url }) => (url.includes("/tee") ? { status: 413, body: "too large" } : "answered");
    await playToEnd(endpoint, server);
    expect([server.run.output?.body, client.logs.join()]).toEqual(["done", expect.stringContaining("was refused (HTTP 413: too large)")]);
  });
});

describe("fetchWithStream", () => {
  const headers = { "content-type": "text/event-stream" };
  const stream = (...events: readonly string[]) => new Response(bytes(...events), { headers });
  const result = { status: 201, headers: { "x-own": "1" }, body: "done" };
  const redirect = eventText("inngest.redirect_info", { runId: "R", url: "http://s/sse", outputUrl: "http://s/output" });

  async function read(answers: Readonly<Record<string, () => Response | Promise<Response>>>) {
    const heard: unknown[] = [];
    const fetch = async (url: string | URL | Request) => {
      const answer = answers[url instanceof Request ? url.url : url.toString()];
      if (answer === undefined) throw new TypeError("fetch failed");
      return answer();
    };
    const response = await fetchWithStream("http://app/", {
      fetch,
      onMetadata: ({ runId }) => void heard.push(runId),
      onData: ({ data, hashedStepId }) => void heard.push([data, hashedStepId]),
      onCommit: ({ hashedStepId }) => void heard.push(["commit", hashedStepId]),
      onRollback: ({ hashedStepId }) => void heard.push(["rollback", hashedStepId]),
    });
    return { heard, status: response.status, text: await response.text(), own: response.headers.get("x-own") };
  }

  test("reads events however they are cut, and passes over what it doesn't know", async () => {
    const text =
      `:\n\nevent: other\ndata: {}\n\n${eventText("inngest.metadata", { runId: "R" })}` +
      eventText("inngest.stream", { data: "ä", hashedStepId: "h" }).replaceAll("\n", "\r\n") +
      eventText("inngest.rollback", { hashedStepId: "h" }) +
      responseText(result);
    const cut = [...new TextEncoder().encode(text)].map((byte) => new Uint8Array([byte]));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of cut) controller.enqueue(chunk);
        controller.close();
      },
    });
    expect(await read({ "http://app/": () => new Response(body, { headers }) })).toEqual({
      heard: ["R", ["ä", "h"], ["rollback", "h"]],
      status: 201,
      text: "done",
      own: "1",
    });
  });

  test("follows the run to the server", async () => {
    const answers = {
      "http://app/": () => stream(eventText("inngest.metadata", { runId: "R" }), redirect),
      "http://s/sse": () => stream(eventText("inngest.stream", { data: 2 }), responseText(result)),
      "http://s/output": () => new Promise<Response>(() => {}),
    };
    expect(await read(answers)).toMatchObject({ heard: ["R", [2, null]], status: 201, text: "done" });
  });

  test("a redirect that is told early counts only when the stream ends without an answer", async () => {
    expect(await read({ "http://app/": () => stream(redirect, responseText(result)) })).toMatchObject({ text: "done" });
  });

  test("who connects too late to hear the end gets the run's output", async () => {
    let asked = 0;
    const answers = {
      "http://app/": () => stream(redirect),
      "http://s/sse": () => stream(":\n\n"),
      "http://s/output": () => {
        asked += 1;
        const running = '{"status":"running","message":"run did not end within 5 minutes"}';
        return asked === 1 ? new Response(running) : new Response("late", { status: 202 });
      },
    };
    expect(await read(answers)).toMatchObject({ status: 202, text: "late" });
  });

  test("an answer that is no stream is given as it is; a stream that breaks off is an error", async () => {
    expect(await read({ "http://app/": () => new Response("plain", { status: 404 }) })).toMatchObject({ status: 404, text: "plain" });
    await expect(read({ "http://app/": () => stream(eventText("inngest.metadata", { runId: "R" })) })).rejects.toThrow("broke off");
    await expect(read({ "http://app/": () => stream(redirect) })).rejects.toThrow("broke off");
  });
});
