/** Traces: the official client's spans of users' code come in, and the server's own go out to a collector on this machine. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppProcess, environmentOf, type Report } from "../harness/app-process.ts";
import { Child } from "../harness/child.ts";
import { installClient } from "../harness/client-folder.ts";
import { http, jsonOf } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS, Watch } from "../harness/watch.ts";
import { Collector, spansOf } from "./collector.ts";

async function startTracedApp(server: ServerProcess, checkpointing: boolean): Promise<AppProcess> {
  const folder = await installClient("inngest-v4");
  const process_ = fork(join(folder, "traces-app.mjs"), [], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environmentOf({ server, checkpointing }, {}),
  });
  const app = new AppProcess(new Child(process_), () => {});
  process_.on("message", (message) => app.receive(message as Report));
  const listening = await app.report("waiting for the app to listen", ({ kind }) => kind === "listening");
  app.url = `http://127.0.0.1:${String(listening["port"])}/api/inngest`;
  await app.register();
  return app;
}

describe.each([{ checkpointing: true }, { checkpointing: false }])("inngest-v4, checkpointing $checkpointing", ({ checkpointing }) => {
  let dir: string;
  let collector: Collector;
  let server: ServerProcess;
  let app: AppProcess;
  let watch: Watch;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-traces-"));
    collector = new Collector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(), OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret" };
    server = await startServerProcess({ dir, env });
    app = await startTracedApp(server, checkpointing);
    watch = await Watch.open(server);
  });

  afterAll(async () => {
    watch?.close();
    await Promise.all([app?.child.stop(), server?.child.stop()]);
    collector?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test("spans of the app's code are below their steps; the run's own trace is exported with the same ids", async () => {
    const [eventId = ""] = await sendEvents(server, [{ name: "traced/import", data: {} }]);
    const { run } = await watch.endedRunOf(eventId);
    expect(run.status).toBe("COMPLETED");
    const sent = spansOf(await collector.named(run.id));
    const root = sent.find(({ name }) => name === "traced-import");
    const exported = sent.filter(({ traceId }) => traceId === root?.traceId);
    expect(exported.map(({ name }) => name)).toEqual(["traced-import", "load", "tell", "nap", "save"]);
    expect(collector.headers[0]).toBe("secret");
    const detail = jsonOf(await http(`${server.url}/ui/v1/runs/${run.id}`, { headers: MANAGEMENT_HEADERS })) as UiRunDetail;
    const spans = detail.userSpans ?? [];
    const stepOf = new Map(detail.spans.map(({ id, name }) => [id, name]));
    const place = (name: string): unknown => {
      const span = spans.find((each) => each.name === name);
      const parent = spans.find(({ id }) => id === span?.parentId);
      return [stepOf.get(span?.stepId ?? ""), parent?.name];
    };
    expect([place("read file"), place("parse"), place("write rows")]).toEqual([
      ["load", undefined],
      ["load", "read file"],
      ["save", undefined],
    ]);
    expect(spans.find(({ name }) => name === "parse")).toMatchObject({ status: "unset", attributes: expect.stringContaining('"rows":3') });
  });

  test("a run that was started by an event from inside another is linked to it", async () => {
    const [eventId = ""] = await sendEvents(server, [{ name: "traced/import", data: {} }]);
    const { run } = await watch.endedRunOf(eventId);
    const root = spansOf(await collector.named(run.id)).find(({ name }) => name === "traced-import");
    const { traceId = "" } = root ?? {};
    const linked = await collector.span(({ name, links = [] }) => name === "traced-told" && links.some((link) => link.traceId === traceId));
    expect(linked).toMatchObject({ links: [{ traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string }] });
    expect(linked.traceId).not.toBe(traceId);
  });
});
