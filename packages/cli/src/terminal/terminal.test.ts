/** What users see, per terminal mode, against the files in golden/. `vitest -u` writes them anew; read the difference before committing. */
import { readFileSync } from "node:fs";
import type { TraceEntry } from "@pawl/engine";
import { expect, test } from "vitest";
import { VERSION } from "../version.ts";
import { type BannerFacts, bannerLines } from "./banner.ts";
import { commandHelp, PROGRAM_HELP } from "./help.ts";
import { jsonLogger } from "./json-logger.ts";
import { lineLogger } from "./line-logger.ts";
import { readLevel } from "./level.ts";
import { styleOf, wantsColor } from "./style.ts";
import { duration, traceLine } from "./trace-lines.ts";

const RUN = "01K0AAAAAAAAAAAAAAAAAA8D0V";
const NOW = new Date(2026, 10, 25, 14, 2, 9, 114).getTime();
const run = { runId: RUN, functionId: "f" };
const step = { ...run, stepId: "s", stepKind: "run", name: "charge card" } as const;

const ENTRIES: readonly TraceEntry[] = [
  { kind: "run-scheduled", ...run, eventId: "e", eventName: "order/created", dueAt: NOW },
  { kind: "run-started", ...run },
  { kind: "step-planned", ...step },
  { kind: "step-completed", ...step, name: "load customer", durationMs: 84 },
  { kind: "step-retrying", ...step, attempt: 1, attemptsMax: 4, error: "CardError: card_declined", dueAt: NOW + 12_000 },
  { kind: "step-failed", ...step, attempt: 4, attemptsMax: 4, error: "CardError: card_declined" },
  { kind: "step-sleeping", ...step, name: "cool down", until: NOW + 86_400_000 },
  { kind: "step-waiting", ...step, name: "a name that is longer than its column", until: NOW + 3_600_000 },
  { kind: "step-timed-out", ...step, name: "delivery" },
  { kind: "run-retrying", ...run, attempt: 1, dueAt: NOW + 30_000, error: "TypeError: x is undefined" },
  { kind: "run-ended", ...run, status: "COMPLETED", durationMs: 63_000 },
  { kind: "run-ended", ...run, status: "FAILED", durationMs: 1_200, error: "CardError: card_declined" },
  { kind: "run-ended", ...run, status: "CANCELLED", durationMs: 5 },
  { kind: "event-outcome", eventId: "e", eventName: "nobody/asked", functionId: "", reason: "no-function-matched" },
  { kind: "event-outcome", eventId: "e", eventName: "order/created", functionId: "f", reason: "expression-error", detail: "no such key" },
];

const FACTS: BannerFacts = {
  version: "1.2.3",
  command: "dev",
  readyMs: 180.4,
  url: "http://127.0.0.1:8289",
  storage: "temporary (--persist keeps it)",
  hasDashboard: true,
  appUrls: [],
  discovers: true,
  warnings: ["port 8288 is in use, so this is 8289"],
};

function traceText(hasColor: boolean): string {
  const context = { style: styleOf(hasColor), slugOf: () => "billing-charge-card", now: NOW };
  return `${ENTRIES.map((entry) => traceLine(entry, context))
    .filter((line) => line !== undefined)
    .join("\n")}\n`;
}

function bannerText(facts: Partial<BannerFacts>, hasColor: boolean): string {
  return `${bannerLines({ ...FACTS, ...facts }, styleOf(hasColor)).join("\n")}\n`;
}

const START: Partial<BannerFacts> = {
  command: "start",
  hasDashboard: false,
  discovers: false,
  warnings: [],
  storage: "/var/lib/pawl/pawl.db",
};

test.each([
  ["help.txt", () => PROGRAM_HELP],
  ["help-dev.txt", () => commandHelp("dev")],
  ["help-start.txt", () => commandHelp("start")],
  ["help-backup.txt", () => commandHelp("backup")],
  ["banner-dev.plain.txt", () => bannerText({}, false)],
  ["banner-dev.color.txt", () => bannerText({}, true)],
  ["banner-start.plain.txt", () => bannerText(START, false)],
  ["banner-apps.plain.txt", () => bannerText({ appUrls: ["http://localhost:3000/api/pawl"] }, false)],
  ["lines.plain.txt", () => traceText(false)],
  ["lines.color.txt", () => traceText(true)],
])("%s", async (name, text) => {
  await expect(text()).toMatchFileSnapshot(`golden/${name}`);
});

test("the banner has at most twelve lines and a warning", () => {
  expect(bannerLines({ ...FACTS, warnings: [] }, styleOf(false)).length).toBeLessThanOrEqual(12);
});

test("control characters of an app never reach the terminal", () => {
  const name = "a\u001b]0;owned\u0007\nb\u202e";
  const line = traceLine({ kind: "step-completed", ...step, name }, { style: styleOf(false), slugOf: () => "f", now: NOW });
  expect(line).toContain("a ]0;owned b ");
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ TERM: "dumb" }, true, false],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
])("colours with %j on a terminal: %j → %j", (env, isTerminal, expected) => {
  expect(wantsColor(env, isTerminal)).toBe(expected);
});

test.each([
  [0.4, "0 ms"],
  [999, "999 ms"],
  [1_234, "1.2 s"],
  [63_000, "63 s"],
  [150_000, "3 min"],
  [7_200_000, "2 h"],
  [432_000_000, "5 d"],
  [-5, "0 ms"],
])("%d ms is written %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("lines for people: a glyph, the message, the fields; below the level nothing", () => {
  const lines: string[] = [];
  const logger = lineLogger({ level: "warn", style: styleOf(false), write: (line) => lines.push(line) });
  logger.info({}, "not written");
  logger.warn({ app: "shop", tries: 2 }, "an app does not answer");
  logger.error({}, "a request failed");
  expect(lines).toEqual(["! an app does not answer  app=shop tries=2", "✕ a request failed"]);
});

test("lines for programs: one JSON object each, no secrets, below the level nothing", () => {
  const lines: string[] = [];
  const logger = jsonLogger("info", { write: (line) => lines.push(line) });
  logger.debug({}, "not written");
  logger.info({ url: "http://127.0.0.1:1", signingKey: "s3cret", app: { eventKey: "s3cret" } }, "ready");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: "info",
    message: "ready",
    url: "http://127.0.0.1:1",
    signingKey: "[secret]",
    app: { eventKey: "[secret]" },
  });
});

test("levels: trace is debug, others are refused", () => {
  expect([readLevel("trace"), readLevel("warn"), readLevel("loud")]).toEqual(["debug", "warn", undefined]);
});

test("the version is that of package.json", () => {
  const path = new URL("../../package.json", import.meta.url);
  expect(VERSION).toBe((JSON.parse(readFileSync(path, "utf8")) as { version: string }).version);
});
