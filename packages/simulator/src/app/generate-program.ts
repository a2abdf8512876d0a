/**
 * Programs by chance. A function invokes only functions after it, and one that failures start invokes none, so every chain of
 * invocations ends.
 */
import type { FunctionDefinition, FunctionRow } from "@pawl/engine";
import type { Scenario } from "../world/scenario.ts";
import type { SeededRandom } from "../world/seeded-random.ts";
import { withDefers } from "./generate-defers.ts";
import { flowDefinitionOf, generateFlow, NO_FLOW, runLimitOf, scheduleTriggers } from "./generate-flow.ts";
import { CANCEL_EVENT, type ConcurrencyLimit, N_BOUND, type Program, SIGNALS, type Statement, TRIGGER_EVENTS } from "./program.ts";

export const APP_ID = "app";
export const APP_URL = "http://app.invalid/api";
const STATEMENTS_MAX = 4;
const BRANCH_STATEMENTS_MAX = 2;
const BRANCHES_MAX = 4;

/** Programs of an app. */
export function generatePrograms(
  random: SeededRandom,
  {
    functions,
    hasFlow,
    hasDefers,
    hasFetches,
    registrations,
  }: Pick<Scenario, "functions" | "hasFlow" | "hasDefers" | "hasFetches" | "registrations">,
): readonly Program[] {
  const slugs = Array.from({ length: functions }, (_, index) => `f${index}`);
  const guests = registrations === 0 ? [] : [generateGuest(random, hasFlow)];
  const programs = slugs.map((slug, index) => {
    const later = slugs.slice(index + 1);
    const generated = generateProgram(random.fork(slug), { slug, later });
    const mayDefer = hasDefers && later.length > 0 && generated.trigger?.event.startsWith("inngest/") !== true;
    const deferring = mayDefer ? withDefers(generated, { random: random.fork(`${slug} defers`), later }) : generated;
    const program = hasFetches ? withFetches(deferring, random.fork(`${slug} fetches`)) : deferring;
    const mayBatch = program.cancel === undefined;
    const flow = generateFlow(random.fork(`${slug} flow`), { mayBatch });
    if (!hasFlow) return program;
    const checkpointsRetries = random.fork(`${slug} checkpoints`).chance(0.3);
    const waits = random.fork(`${slug} waits`);
    const body = program.body.map((statement) => withWaits(statement, waits));
    return { ...program, body, checkpointsRetries, flow };
  });
  return [...programs, ...guests];
}

/** Whether the app has its guest in the registration with this number. */
export function hasGuest(number: number): boolean {
  return number % 2 === 1;
}

/** Without schedules: what they do while the function is away is not checked. */
function generateGuest(random: SeededRandom, hasFlow: boolean): Program {
  const { cancel: _cancel, ...program } = generateProgram(random.fork("guest"), { slug: "g0", later: [] });
  const flow = hasFlow ? { ...generateFlow(random.fork("guest flow"), { mayBatch: true }), schedules: [] } : NO_FLOW;
  return { ...program, trigger: { event: random.fork("guest trigger").pick(TRIGGER_EVENTS) }, flow, isGuest: true };
}

/** Handlers of HTTP endpoints. They may invoke and defer every function of the app. */
export function generateEndpoints(
  random: SeededRandom,
  { endpoints, functions, hasDefers, hasFetches }: Pick<Scenario, "endpoints" | "functions" | "hasDefers" | "hasFetches">,
): readonly Program[] {
  const later = Array.from({ length: functions }, (_, index) => `f${index}`);
  return Array.from({ length: endpoints }, (_, index) => {
    const slug = `e${index}`;
    const {
      trigger: _trigger,
      concurrency: _concurrency,
      cancel: _cancel,
      ...generated
    } = generateProgram(random.fork(slug), { slug, later });
    const program: Program = { ...generated, isEndpoint: true };
    const deferring = hasDefers ? withDefers(program, { random: random.fork(`${slug} defers`), later }) : program;
    return hasFetches ? withFetches(deferring, random.fork(`${slug} fetches`)) : deferring;
  });
}

/** Some steps are requests that the server makes. */
function withFetches(program: Program, random: SeededRandom): Program {
  const within = (statement: Statement): Statement => {
    if (statement.kind === "parallel") return { ...statement, branches: statement.branches.map((branch) => branch.map(within)) };
    if (statement.kind !== "run" || !random.chance(0.3)) return statement;
    return { kind: "fetch", id: statement.id, isAi: random.chance(0.5), catches: statement.catches };
  };
  return { ...program, body: program.body.map(within) };
}

/** Some waits are for one of two events, and some count what came before. */
function withWaits(statement: Statement, random: SeededRandom): Statement {
  if (statement.kind === "parallel")
    return { ...statement, branches: statement.branches.map((branch) => branch.map((inner) => withWaits(inner, random))) };
  if (statement.kind !== "wait") return statement;
  const other = random.chance(0.3) ? random.pick(TRIGGER_EVENTS) : statement.event;
  return {
    ...statement,
    ...(other === statement.event ? {} : { orEvent: other }),
    ...(random.chance(0.3) ? { lookBack: random.pick(["run", 20_000, 600_000] as const) } : {}),
  };
}

function generateProgram(random: SeededRandom, { slug, later }: { readonly slug: string; readonly later: readonly string[] }): Program {
  const checkpointSteps = random.pick([0, 0, 1, 2]);
  const trigger = slug !== "f0" && random.chance(0.2) ? undefined : generateTrigger(random, slug);
  const writer: Writer = { random, later: trigger?.event.startsWith("inngest/") === true ? [] : later, next: 0 };
  return {
    slug,
    ...(trigger === undefined ? {} : { trigger }),
    body: generateBody(writer, { most: STATEMENTS_MAX, mayFork: true }),
    attemptsMax: random.between(1, 4),
    requestVersion: random.chance(0.2) ? 1 : 2,
    checkpointSteps,
    checkpointsRetries: false,
    endsByOp: random.chance(0.5),
    ...(random.chance(0.4) ? { concurrency: generateLimit(random) } : {}),
    ...(random.chance(0.3) ? { cancel: { matchesK: random.chance(0.7) } } : {}),
    flow: NO_FLOW,
  };
}

function generateTrigger(random: SeededRandom, slug: string): NonNullable<Program["trigger"]> {
  if (slug !== "f0" && random.chance(0.15)) return { event: random.pick(["inngest/function.failed", "inngest/function.cancelled"]) };
  return { event: random.pick(TRIGGER_EVENTS), ...(random.chance(0.3) ? { above: random.integer(N_BOUND) } : {}) };
}

function generateLimit(random: SeededRandom): ConcurrencyLimit {
  return { limit: random.between(1, 2), per: random.pick(["function", "function-and-k", "k"]) };
}

type Writer = { readonly random: SeededRandom; readonly later: readonly string[]; next: number };

function generateBody(writer: Writer, { most, mayFork }: { readonly most: number; readonly mayFork: boolean }): readonly Statement[] {
  return Array.from({ length: writer.random.between(1, most) }, () => generateStatement(writer, mayFork));
}

function generateStatement(writer: Writer, mayFork: boolean): Statement {
  const { random, later } = writer;
  const dice = random.integer(100);
  if (mayFork && dice < 25) return generateParallel(writer);
  const id = `s${writer.next++}`;
  if (dice < 35) return { kind: "sleep", id, ms: random.pick([1_000, 30_000, 600_000, 7_200_000]) };
  if (dice < 45)
    return { kind: "wait", id, event: random.pick(TRIGGER_EVENTS), matchesK: random.chance(0.7), timeoutMs: generateTimeout(random) };
  if (dice < 51)
    return { kind: "signal", id, signal: random.pick(SIGNALS), timeoutMs: generateTimeout(random), replaces: random.chance(0.5) };
  if (dice < 60 && later.length > 0)
    return { kind: "invoke", id, target: random.pick(later), timeoutMs: generateTimeout(random) * 10, catches: random.chance(0.5) };
  if (dice < 65) return { kind: "throw", id, failures: random.between(1, 2), isRetryable: random.chance(0.8) };
  return {
    kind: "run",
    id,
    bodyMs: random.pick([0, 1, 20, 1_000, 20_000]),
    failures: random.chance(0.2) ? random.between(1, 3) : 0,
    isRetryable: random.chance(0.8),
    catches: random.chance(0.5),
  };
}

function generateParallel(writer: Writer): Statement {
  const branches = Array.from({ length: writer.random.between(2, BRANCHES_MAX) }, () =>
    generateBody(writer, { most: BRANCH_STATEMENTS_MAX, mayFork: false }),
  );
  return { kind: "parallel", mode: writer.random.chance(0.4) ? "race" : "wait", branches };
}

function generateTimeout(random: SeededRandom): number {
  return random.pick([1_000, 20_000, 600_000, 3_600_000]);
}

/** The program as registered. */
export function functionRowOf(program: Program, now: number): FunctionRow {
  const { slug } = program;
  return { id: slug, appId: APP_ID, slug, name: slug, version: 1, definition: definitionOf(program), config: "{}", createdAt: now };
}

function definitionOf({ slug, trigger, attemptsMax, concurrency, cancel, flow }: Program): FunctionDefinition {
  const condition = trigger?.above === undefined ? {} : { condition: `event.data.n > ${trigger.above}` };
  const until = { kind: "duration", ms: 365 * 86_400_000 } as const;
  return {
    slug,
    name: slug,
    url: `${APP_URL}?fnId=${slug}&stepId=step`,
    attemptsMax,
    triggers: [
      ...(trigger === undefined ? [] : [{ kind: "event", event: trigger.event, ...condition } as const]),
      ...scheduleTriggers(flow),
    ],
    concurrency: { step: concurrency === undefined ? [] : [limitOf(concurrency)], ...runLimitOf(flow) },
    cancelOn:
      cancel === undefined
        ? []
        : [{ event: CANCEL_EVENT, until, ...(cancel.matchesK ? { condition: "event.data.k == async.data.k" } : {}) }],
    ...flowDefinitionOf(flow),
  };
}

function limitOf({ limit, per }: ConcurrencyLimit): FunctionDefinition["concurrency"]["step"][number] {
  if (per === "function") return { limit, scope: "fn" };
  return { limit, scope: per === "k" ? "env" : "fn", keyExpression: "event.data.k" };
}
