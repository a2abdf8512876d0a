/** Requests that the server makes for steps (`step.fetch`, `step.ai`), with the official clients and ours, against a provider on this machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail, UiRunRow } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppProcess, startAppProcess } from "../harness/app-process.ts";
import type { ClientName } from "../harness/client-folder.ts";
import { http } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS, Watch } from "../harness/watch.ts";
import { API_KEY } from "./functions.ts";
import { Provider } from "./provider.ts";

const FUNCTIONS = join(import.meta.dirname, "functions.ts");

type Variant = { readonly client: ClientName; readonly checkpointing: boolean };

const VARIANTS: readonly Variant[] = [
  { client: "pawl", checkpointing: true },
  { client: "pawl", checkpointing: false },
  { client: "inngest-v4", checkpointing: true },
  { client: "inngest-v4", checkpointing: false },
  { client: "inngest-v3", checkpointing: true },
  { client: "inngest-v3", checkpointing: false },
];

describe.each(VARIANTS)("$client, checkpointing $checkpointing", (variant) => {
  let dir: string;
  let provider: Provider;
  let server: ServerProcess;
  let app: AppProcess;
  let watch: Watch;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-gateway-"));
    provider = await Provider.start();
    server = await startServerProcess({ dir, retryIntervalS: 1, args: ["--allow-private-addresses"] });
    app = await startAppProcess({ ...variant, server, functions: FUNCTIONS });
    watch = await Watch.open(server);
  });

  afterAll(async () => {
    watch?.close();
    await Promise.all([app?.child.stop(), server?.child.stop()]);
    await provider?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const send = async (id: string, path: string): Promise<string> => {
    const [eventId = ""] = await sendEvents(server, [{ name: `gateway/${id}`, data: { url: `${provider.url}${path}` } }]);
    return eventId;
  };
  const ended = async (id: string, path: string): Promise<UiRunDetail> => watch.endedRunOf(await send(id, path));
  const outputOf = ({ run, output = "null", error }: UiRunDetail): unknown => {
    expect(run, JSON.stringify(error)).toMatchObject({ status: "COMPLETED" });
    return JSON.parse(output);
  };
  const metadataOf = ({ metadata = [] }: UiRunDetail): unknown =>
    metadata.filter(({ kind }) => kind === "inngest.ai").map(({ values }) => JSON.parse(values) as unknown);

  test.concurrent("step.ai.infer: a model of OpenAI's kind; the tokens are noted, the key is shown to nobody", async () => {
    const detail = await ended("infer-openai", "/200/openai");
    expect(outputOf(detail)).toBe("hi");
    const [request, ...more] = provider.to("/200/openai");
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: "POST", path: "/200/openai/chat/completions" });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${API_KEY}`, "content-type": "application/json" });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ model: "m-1", temperature: 0, messages: [{ role: "user" }] });
    expect(metadataOf(detail)).toEqual([{ model: "m-1", input_tokens: 3, output_tokens: 4, total_tokens: 7 }]);
    expect(JSON.stringify(detail)).not.toContain(API_KEY);
    expect(server.child.output).not.toContain(API_KEY);
  });

  test.concurrent("step.ai.infer: a model of Anthropic's kind", async () => {
    const detail = await ended("infer-anthropic", "/200/anthropic");
    expect(outputOf(detail)).toMatchObject({ content: [{ text: "hi" }] });
    const [request] = provider.to("/200/anthropic");
    expect(request?.headers).toMatchObject({ "x-api-key": API_KEY, "anthropic-version": expect.any(String) });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ model: "m-1", max_tokens: 9 });
    expect(metadataOf(detail)).toEqual([{ model: "m-1", input_tokens: 3, output_tokens: 4 }]);
  });

  test.concurrent("step.ai.infer: a model of Gemini's kind", async () => {
    const detail = await ended("infer-gemini", "/200/gemini");
    expect(outputOf(detail)).toMatchObject({ candidates: [] });
    const [request] = provider.to("/200/gemini");
    expect(request?.path).toMatch(/^\/200\/gemini\/models\/m-1:generateContent\?key=key-of-the-test$/);
    expect(metadataOf(detail)).toEqual([{ input_tokens: 3, output_tokens: 4, total_tokens: 7 }]);
    expect(JSON.stringify(detail)).not.toContain(API_KEY);
  });

  test.concurrent("step.ai.infer: a refusal is tried again by the server, not by the function", async () => {
    expect(outputOf(await ended("infer-again", "/500,429,200/again"))).toBe("answered");
    const keys = provider.to("/500,429,200/again").map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
    const calls = app.reports.filter(({ kind, url }) => kind === "asked" && String(url).endsWith("/again"));
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  test.concurrent("step.ai.infer: the last refusal can be caught", async () => {
    expect(outputOf(await ended("infer-once", "/503/once"))).toMatchObject({
      message: "Error making AI request: unsuccessful status code: 503",
    });
    expect(provider.to("/503/once")).toHaveLength(1);
  });

  test.concurrent("step.ai.wrap: the app's own call, remembered as JSON", async () => {
    expect(outputOf(await ended("wrap", ""))).toEqual({ doubled: 42 });
  });

  test.concurrent("step.fetch: what is sent arrives, and what is answered comes back; credentials are shown to nobody", async () => {
    const detail = await ended("fetch", "/200/fetch");
    expect(outputOf(detail)).toEqual({ status: 200, body: { path: "/200/fetch" } });
    const [request] = provider.to("/200/fetch");
    expect(request).toMatchObject({ method: "POST", body: '{"n":1}' });
    expect(request?.headers).toMatchObject({ "content-type": "application/json", authorization: `Bearer ${API_KEY}` });
    expect(JSON.stringify(detail)).not.toContain(API_KEY);
  });

  test.concurrent("step.fetch: any status is an answer", async () => {
    expect(outputOf(await ended("fetch-any", "/404/any"))).toEqual({ status: 404, header: "test" });
    expect(provider.to("/404/any")).toHaveLength(1);
  });

  test.concurrent("step.fetch: several at once", async () => {
    const paths = ["/200/parallel?n=1", "/200/parallel?n=2", "/200/parallel?n=3"];
    expect(outputOf(await ended("fetch-parallel", "/200/parallel"))).toEqual(paths);
  });

  test.concurrent("step.fetch: nobody there is an error that can be caught", async () => {
    const [eventId = ""] = await sendEvents(server, [{ name: "gateway/fetch-nobody", data: { url: "http://127.0.0.1:1/" } }]);
    const output = outputOf(await watch.endedRunOf(eventId)) as { readonly message: string };
    expect(output.message).toContain("Error making gateway request");
  });

  test.concurrent("a run that is cancelled breaks its request off", async () => {
    const eventId = await send("fetch-any", "/hang/cancel");
    await provider.until(() => provider.to("/hang/cancel").length === 1);
    const run = (): UiRunRow | undefined => [...watch.runs.values()].find((row) => row.eventId === eventId);
    await watch.until("waiting for the run", () => run() !== undefined);
    const { status } = await http(`${server.url}/v1/runs/${run()?.id ?? ""}`, { method: "DELETE", headers: MANAGEMENT_HEADERS });
    expect(status).toBeLessThan(300);
    await provider.until(() => provider.brokenOff.includes("/hang/cancel"));
    expect((await watch.endedRunOf(eventId)).run.status).toBe("CANCELLED");
  });
});

describe("a server with the settings of production", () => {
  let dir: string;
  let provider: Provider;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-gateway-"));
    provider = await Provider.start();
  });

  afterAll(async () => {
    await provider?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test("does not reach its own machine for a step, says why, and does not try again", async () => {
    const server = await startServerProcess({ dir: join(dir, "private"), retryIntervalS: 1 });
    const app = await startAppProcess({ client: "pawl", server, functions: FUNCTIONS });
    const watch = await Watch.open(server);
    try {
      const [eventId = ""] = await sendEvents(server, [{ name: "gateway/infer-again", data: { url: `${provider.url}/200/private` } }]);
      const { output = "" } = await watch.endedRunOf(eventId);
      expect((JSON.parse(output) as { readonly message: string }).message).toContain("--allow-private-addresses");
      expect(provider.requests).toEqual([]);
    } finally {
      watch.close();
      await Promise.all([app.child.stop(), server.child.stop()]);
    }
  });

  test("makes a request again that it was killed in", async () => {
    const setup = { dir: join(dir, "killed"), args: ["--allow-private-addresses"] };
    const first = await startServerProcess(setup);
    const app = await startAppProcess({ client: "pawl", server: first, functions: FUNCTIONS });
    const [eventId = ""] = await sendEvents(first, [{ name: "gateway/fetch-any", data: { url: `${provider.url}/hang,200/killed` } }]);
    await provider.until(() => provider.to("/hang,200/killed").length === 1);
    await first.child.kill();
    const second = await startServerProcess({ ...setup, port: first.port });
    const watch = await Watch.open(second);
    try {
      const { output = "" } = await watch.endedRunOf(eventId);
      expect(JSON.parse(output)).toEqual({ status: 200, header: "test" });
      expect(provider.to("/hang,200/killed")).toHaveLength(2);
    } finally {
      watch.close();
      await Promise.all([app.child.stop(), second.child.stop()]);
    }
  });
});
