/** Encryption over Connect: workers see values, the server sees ciphertext, through changes of the key. */
import type { UiRunDetail } from "@pawl/protocol";
import { encryption } from "pawl/encryption";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OPEN, SECRET, Vault } from "./vault.ts";

const OLD = { key: "the old key" };
const NEW = { key: "the new key" };
const ROTATED = { ...NEW, fallbackDecryptionKeys: [OLD.key] };

let vault: Vault;

beforeEach(async () => {
  vault = new Vault();
  await vault.start();
});

afterEach(async () => {
  expect(vault.known(SECRET, OPEN)).toEqual([OPEN]);
  await vault.close();
});

/** A stored value; null where the key doesn't fit. */
function opened(stored: string | undefined, key: string): unknown {
  const value = JSON.parse(stored ?? "null") as unknown;
  expect(value).toMatchObject({ __ENCRYPTED__: true });
  try {
    return encryption({ key }).openCall({ event: { name: "x", data: { value } }, events: [], steps: {} } as never).event.data["value"];
  } catch {
    return null;
  }
}

/** Output of a run that has completed. */
function outputOf({ run, output, error }: UiRunDetail): string | undefined {
  expect(run, JSON.stringify(error)).toMatchObject({ status: "COMPLETED" });
  return output;
}

async function untilWaiting(eventId: string): Promise<void> {
  await vault.watch.until("waiting for the run to wait", (runs) =>
    [...runs.values()].some((run) => run.eventId === eventId && run.reason?.code === "waiting-for-event"),
  );
}

async function endedRun(runId: string): Promise<UiRunDetail> {
  await vault.watch.until(`waiting for run ${runId} to end`, (runs) => runs.get(runId)?.endedAt !== undefined);
  return vault.watch.detail(runId);
}

test.each([true, false])("events, steps and results, checkpointing %s: only workers see them", async (checkpointing) => {
  const client = vault.client(OLD, checkpointing);
  await vault.connect(client);
  const { ids } = await client.send({ name: "vault/tour", data: { open: OPEN, encrypted: { card: SECRET } } });
  const detail = await vault.watch.endedRunOf(ids[0] ?? "", "vault-tour");
  expect(opened(outputOf(detail), OLD.key)).toEqual({
    text: `${SECRET} of a step`,
    list: [SECRET, 1],
    nothing: null,
    invoked: { text: `${SECRET} of the invoked` },
  });
  await vault.watch.until(
    "waiting for all runs to end",
    (runs) => [...runs.values()].every(({ endedAt }) => endedAt !== undefined) && runs.size === 4,
  );
  const seen = Object.fromEntries(vault.seen.map(({ what, value }) => [what, value]));
  expect(seen).toEqual({
    event: { open: OPEN, encrypted: { card: SECRET } },
    invoked: { open: OPEN, encrypted: { text: `${SECRET} invoked` }, _inngest: expect.anything() as unknown },
    told: { open: OPEN, encrypted: `${SECRET} told` },
    deferred: { open: OPEN, encrypted: `${SECRET} deferred` },
  });
});

test("a run that began with the old key goes on with a worker that has it as fallback, and ends with the new one", async () => {
  const before = vault.client(OLD);
  const worker = await vault.connect(before);
  const { ids } = await before.send({ name: "vault/wait", data: { open: OPEN, encrypted: { card: SECRET } } });
  await untilWaiting(ids[0] ?? "");
  await worker.close();
  const after = vault.client(ROTATED);
  await vault.connect(after);
  await after.send({ name: "vault/answer", data: { open: OPEN, encrypted: `${SECRET} answer` } });
  const output = outputOf(await vault.watch.endedRunOf(ids[0] ?? "", "vault-wait"));
  expect(opened(output, OLD.key)).toBeNull();
  expect(opened(output, NEW.key)).toEqual({
    event: { card: SECRET },
    before: `${SECRET} before`,
    answer: `${SECRET} answer`,
    after: `${SECRET} after`,
  });
});

test("a run of the old key is run again with the new one, from its start and from a step", async () => {
  const before = vault.client(OLD);
  const worker = await vault.connect(before);
  const { ids } = await before.send({ name: "vault/tour", data: { open: OPEN, encrypted: { card: SECRET } } });
  const first = await vault.watch.endedRunOf(ids[0] ?? "", "vault-tour");
  const result = opened(outputOf(first), OLD.key);
  await worker.close();
  await vault.connect(vault.client(ROTATED));
  for (const fromStep of [undefined, "list"]) {
    const again = await endedRun(await vault.rerun(first.run.id, fromStep));
    expect(opened(outputOf(again), NEW.key)).toEqual(result);
    const step = again.spans.find(({ name }) => name === "text");
    // What comes before the step is taken over as it was stored.
    expect(opened(step?.output, fromStep === undefined ? NEW.key : OLD.key)).toBe(`${SECRET} of a step`);
  }
});

test("a worker without the key doesn't enter the function; the call waits for one that has it", async () => {
  const before = vault.client(OLD);
  const stranger = await vault.connect(vault.client(NEW));
  const { ids } = await before.send({ name: "vault/wait", data: { open: OPEN, encrypted: { card: SECRET } } });
  await vault.watch.until("waiting for the call to be tried again", (runs) =>
    [...runs.values()].some(({ reason }) => reason?.code === "retrying"),
  );
  expect(vault.seen).toEqual([]);
  await vault.connect(vault.client(ROTATED));
  await stranger.close();
  await untilWaiting(ids[0] ?? "");
  await before.send({ name: "vault/answer", data: { open: OPEN, encrypted: `${SECRET} answer` } });
  const output = outputOf(await vault.watch.endedRunOf(ids[0] ?? "", "vault-wait"));
  expect(opened(output, NEW.key)).toMatchObject({ event: { card: SECRET }, answer: `${SECRET} answer` });
});
