/**
 * What the tests of views need of a browser and happy-dom doesn't have: a server, a stream, sizes.
 * Everything is put in place by `installBrowser` and gone after the test.
 */
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { UiChanges } from "@pawl/protocol";
import { clearResources } from "../api/resource.ts";
import { clearLists } from "../list/use-paged.ts";

/** Answers by method and path without query: JSON values, or whole answers where the status matters. */
export type Answers = { [route: string]: unknown };

export type Browser = {
  /** What the server answers; tests add and change routes such as `GET /runs`. */
  readonly answers: Answers;
  /** Requests so far: `GET /runs?status=FAILED`. */
  readonly requests: string[];
  /** The last body sent to each route, as JSON text. */
  readonly bodies: { [route: string]: string };
  /** Sends a message of the stream to all open streams. */
  readonly emit: (changes: Partial<UiChanges>) => void;
};

/** Puts a server and a stream in place for every test of the file. */
export function installBrowser(): Browser {
  const browser: Browser = {
    answers: {},
    requests: [],
    bodies: {},
    emit: (changes) => {
      const message = JSON.stringify({ seq: 1, runs: [], appsChanged: false, eventsReceived: 0, ...changes });
      for (const stream of FakeStream.all) stream.dispatchEvent(new MessageEvent("changes", { data: message }));
    },
  };
  beforeEach(() => {
    FakeStream.all.clear();
    browser.requests.length = 0;
    for (const route of Object.keys(browser.answers)) delete browser.answers[route];
    vi.spyOn(console, "error");
    vi.stubGlobal("EventSource", FakeStream);
    vi.stubGlobal("ResizeObserver", FakeResizeObserver);
    vi.stubGlobal("fetch", (input: string, init?: RequestInit) =>
      Promise.resolve(answer(browser, new URL(input, "http://localhost"), init)),
    );
    history.replaceState(null, "", "/runs");
  });
  afterEach(() => {
    cleanup();
    clearResources();
    clearLists();
    vi.unstubAllGlobals();
    vi.useRealTimers();
    // React's complaints: markup that no browser accepts, missing keys.
    expect(vi.mocked(console.error).mock.calls).toEqual([]);
    vi.restoreAllMocks();
  });
  return browser;
}

/** Stops the clock for the rest of the test; timers go on. */
export function stopClock(at: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: at });
}

function answer(browser: Browser, url: URL, { method = "GET", body }: RequestInit = {}): Response {
  const path = url.pathname.replace("/ui/v1", "");
  if (typeof body === "string") browser.bodies[`${method} ${path}`] = body;
  browser.requests.push(`${method} ${path}${url.search}`);
  const found = browser.answers[`${method} ${path}`];
  if (found === undefined) return Response.json({ error: { code: "not-found", message: "There is no such thing here." } }, { status: 404 });
  return found instanceof Response ? found.clone() : Response.json(found);
}

class FakeStream extends EventTarget {
  static readonly all = new Set<FakeStream>();
  static readonly CLOSED = 2;
  readonly readyState = 1;

  constructor() {
    super();
    FakeStream.all.add(this);
  }

  close(): void {
    FakeStream.all.delete(this);
  }
}

class FakeResizeObserver {
  observe(): void {}
  disconnect(): void {}
}
