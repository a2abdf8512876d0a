import { describe, expect, test } from "vitest";
import { FakeRuntime, turn } from "../run/call.fixture.ts";
import { fakeFeeds, wireText } from "./feed.fixture.ts";
import { RealtimeStore, type StoreOptions } from "./store.ts";

function start(options: StoreOptions): {
  store: RealtimeStore;
  clock: FakeRuntime;
  feeds: ReturnType<typeof fakeFeeds>;
  changes: () => number;
  open: () => Promise<void>;
} {
  const clock = new FakeRuntime();
  const feeds = fakeFeeds();
  const store = new RealtimeStore({ open: feeds.open, runtime: clock });
  let changes = 0;
  store.watch(() => (changes += 1));
  store.configure(options);
  const open = async (): Promise<void> => {
    await turn();
    feeds.last().listener.opened();
  };
  return { store, clock, feeds, changes: () => changes, open };
}

const token = { key: "k", apiBaseUrl: "http://a" };
const factory = async (): Promise<typeof token> => token;
const runText = (data: unknown): string => wireText(data, { kind: "run", topic: "$run" });

describe("connection", () => {
  test("without a token it is idle, with one it connects", async () => {
    const { store, feeds, open } = start({ channel: "c", topics: ["t"] });
    expect(store.snapshot()).toMatchObject({ connectionStatus: "idle", runStatus: "unknown", error: null });
    store.configure({ channel: "c", topics: ["t"], token });
    expect(store.snapshot().connectionStatus).toBe("connecting");
    await open();
    expect(store.snapshot().connectionStatus).toBe("open");
    expect(feeds.last().target).toEqual(token);
  });

  test("options of equal value make no difference, nor does another token function", async () => {
    const { store, feeds, open, changes } = start({ channel: "c", topics: ["t"], token: async () => token });
    await open();
    const [before, state] = [changes(), store.snapshot()];
    store.configure({ channel: "c", topics: ["t"], token: async () => token });
    expect([changes(), feeds.feeds.length]).toEqual([before, 1]);
    expect(store.snapshot()).toBe(state);
  });

  test("another channel, topic or key connects anew and forgets what was received", async () => {
    const { store, feeds, open } = start({ channel: "c", topics: ["t"], token });
    for (const next of [{ channel: "d" }, { channel: "d", topics: ["u"] }, { channel: "d", topics: ["u"], key: "2" }]) {
      await open();
      feeds.last().listener.received(wireText(1));
      expect(store.snapshot().messages.all).toHaveLength(1);
      const old = feeds.last();
      store.configure({ topics: ["t"], token, ...next });
      await turn();
      expect(old.isClosed).toBe(true);
      expect(feeds.last()).not.toBe(old);
      expect(store.snapshot().messages.all).toEqual([]);
    }
  });

  test("a lost connection comes back where tokens can be got", async () => {
    const { store, feeds, clock, open } = start({ channel: "c", token: factory });
    await open();
    feeds.last().listener.ended(new Error("lost"));
    expect(store.snapshot()).toMatchObject({ connectionStatus: "connecting", error: new Error("lost") });
    clock.advance(250);
    await open();
    expect(store.snapshot()).toMatchObject({ connectionStatus: "open", error: null });
  });

  test("with a fixed token, or when not wanted, it is an error", async () => {
    for (const options of [{ token }, { token: factory, reconnect: false }]) {
      const { store, feeds, open, clock } = start(options);
      await open();
      feeds.last().listener.ended(new Error("lost"));
      expect(store.snapshot()).toMatchObject({ connectionStatus: "error", error: new Error("lost") });
      expect(clock.timerCount).toBe(0);
    }
  });

  test("it pauses while disabled, and while hidden where that is wanted", async () => {
    const { store, feeds, open } = start({ token });
    await open();
    feeds.last().listener.received(wireText(1));
    store.setHidden(true);
    expect(store.snapshot()).toMatchObject({ isPaused: false, connectionStatus: "open" });
    store.configure({ token, pauseOnHidden: true });
    expect(store.snapshot()).toMatchObject({ isPaused: true, pauseReason: "hidden", connectionStatus: "paused" });
    expect(feeds.last().isClosed).toBe(true);
    store.configure({ token, pauseOnHidden: true, enabled: false });
    expect(store.snapshot().pauseReason).toBe("disabled");
    store.setHidden(false);
    store.configure({ token, pauseOnHidden: true, enabled: true });
    await open();
    expect(store.snapshot()).toMatchObject({ isPaused: false, pauseReason: null, connectionStatus: "open" });
    expect(store.snapshot().messages.all).toHaveLength(1);
  });

  test("stopping leaves no connection and no timer; configuring begins anew", async () => {
    const { store, feeds, clock, open } = start({ token: factory, bufferInterval: 50 });
    await open();
    feeds.last().listener.received(wireText(1));
    store.stop();
    expect([feeds.last().isClosed, clock.timerCount]).toEqual([true, 0]);
    store.configure({ token: factory, bufferInterval: 50 });
    await open();
    expect(feeds.feeds).toHaveLength(2);
    expect(store.snapshot().connectionStatus).toBe("open");
  });
});

describe("messages", () => {
  test("they are there by topic, in order, as last and as new ones", async () => {
    const { store, feeds, open } = start({ token, historyLimit: 2 });
    await open();
    for (const [data, topic] of [
      [1, "t"],
      [2, "u"],
      [3, "t"],
    ] as const)
      feeds.last().listener.received(wireText(data, { topic }));
    const { byTopic, all, last, delta } = store.snapshot().messages;
    expect([byTopic["t"]?.data, byTopic["u"]?.data, last?.data]).toEqual([3, 2, 3]);
    expect([all, delta].map((messages) => messages.map(({ data }) => data as unknown))).toEqual([[2, 3], [3]]);
    store.reset();
    expect(store.snapshot()).toMatchObject({ connectionStatus: "open", messages: { all: [], last: null, byTopic: {} } });
  });

  test("within the interval they are collected", async () => {
    const { store, feeds, clock, open, changes } = start({ token, bufferInterval: 50 });
    await open();
    const before = changes();
    for (const data of [1, 2, 3]) feeds.last().listener.received(wireText(data));
    expect(changes()).toBe(before);
    clock.advance(50);
    expect(changes()).toBe(before + 1);
    expect(store.snapshot().messages.delta).toHaveLength(3);
  });
});

describe("runs", () => {
  test("a run's end closes the connection and brings its result", async () => {
    const { store, feeds, open } = start({ token, bufferInterval: 50 });
    await open();
    feeds.last().listener.received(runText({ status: "RUNNING" }));
    feeds.last().listener.received(runText({ status: "COMPLETED", output: { a: 1 } }));
    expect(store.snapshot()).toMatchObject({ runStatus: "completed", result: { a: 1 }, connectionStatus: "closed", error: null });
    expect(feeds.last().isClosed).toBe(true);
  });

  test("a failure is an error, and the connection may stay", async () => {
    const { store, feeds, open } = start({ token, autoCloseOnTerminal: false });
    await open();
    feeds.last().listener.received(runText({ status: "RUNNING" }));
    expect(store.snapshot().runStatus).toBe("running");
    feeds.last().listener.received(runText({ status: "FAILED", error: { name: "TypeError", message: "why" } }));
    const { error, connectionStatus, runStatus } = store.snapshot();
    expect([String(error), connectionStatus, runStatus]).toEqual(["TypeError: why", "open", "failed"]);
  });

  test("what is no status changes none", async () => {
    const { store, feeds, open } = start({ token });
    await open();
    for (const data of [null, 1, {}, { status: "?" }]) feeds.last().listener.received(runText(data));
    feeds.last().listener.received(wireText({ status: "COMPLETED" }));
    expect(store.snapshot()).toMatchObject({ runStatus: "unknown", connectionStatus: "open" });
  });
});
