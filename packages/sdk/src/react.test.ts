// @vitest-environment happy-dom
import { act, cleanup, render, renderHook } from "@testing-library/react";
import { createElement, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { turn } from "./run/call.fixture.ts";
import { wireText } from "./realtime/feed.fixture.ts";
import { useRealtime } from "./react.ts";

/** The platform's WebSocket, as far as the hook sees it. */
class FakeSocket extends EventTarget {
  static all: FakeSocket[] = [];
  readonly url: string;
  isClosed = false;

  constructor(url: string) {
    super();
    this.url = url;
    FakeSocket.all.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  static get open(): readonly FakeSocket[] {
    return FakeSocket.all.filter(({ isClosed }) => !isClosed);
  }
}

const token = { key: "k", apiBaseUrl: "http://a" };

beforeEach(() => {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function opened(): Promise<FakeSocket> {
  await act(turn);
  const [socket] = FakeSocket.open;
  if (socket === undefined) throw new Error("There is no connection.");
  act(() => void socket.dispatchEvent(new Event("open")));
  return socket;
}

test("the hook connects, shows messages and closes with its component", async () => {
  const { result, unmount } = renderHook(() => useRealtime({ channel: "c", topics: ["t"], token: async () => token }));
  expect(result.current.connectionStatus).toBe("connecting");
  const socket = await opened();
  expect(socket.url).toBe("ws://a/v1/realtime/connect?token=k");
  act(() => void socket.dispatchEvent(new MessageEvent("message", { data: wireText({ pct: 40 }) })));
  expect(result.current).toMatchObject({ connectionStatus: "open", messages: { byTopic: { t: { data: { pct: 40 } } } } });
  act(() => result.current.reset());
  expect(result.current.messages.all).toEqual([]);
  unmount();
  expect(FakeSocket.open).toEqual([]);
});

test("it follows its options", async () => {
  const { result, rerender } = renderHook(
    (props: { enabled: boolean; channel: string }) => useRealtime({ ...props, topics: ["t"], token }),
    {
      initialProps: { enabled: false, channel: "c" },
    },
  );
  expect(result.current).toMatchObject({ connectionStatus: "paused", isPaused: true, pauseReason: "disabled" });
  rerender({ enabled: true, channel: "c" });
  await opened();
  expect(result.current.connectionStatus).toBe("open");
  rerender({ enabled: true, channel: "d" });
  await opened();
  expect(FakeSocket.all).toHaveLength(2);
  expect(FakeSocket.open).toHaveLength(1);
});

test("in strict mode one connection is left, and none after the end", async () => {
  const Shown = (): string => useRealtime({ token }).connectionStatus;
  const view = render(createElement(StrictMode, null, createElement(Shown)));
  await opened();
  expect(view.container.textContent).toBe("open");
  expect(FakeSocket.open).toHaveLength(1);
  view.unmount();
  expect(FakeSocket.open).toEqual([]);
});

test("on a server it renders as idle and connects to nothing", () => {
  const Shown = (): string => useRealtime({ token }).connectionStatus;
  expect(renderToString(createElement(Shown))).toBe("idle");
  expect(FakeSocket.all).toEqual([]);
});
