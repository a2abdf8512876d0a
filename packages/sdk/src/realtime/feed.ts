/**
 * The connection to the server: a WebSocket, or server-sent events where the platform has none (Node 20) or they are asked for.
 *
 * I1  After `ended`, or after `close`, the listener is not called any more.
 *
 * Source: wire-protocol 10.4.
 */

/** Where to connect, and with which token. */
export type FeedTarget = { readonly apiBaseUrl: string; readonly key: string };

export type FeedListener = {
  opened(): void;
  /** A message's JSON text. */
  received(text: string): void;
  /** The connection is gone, or never came. */
  ended(error: Error): void;
};

export type Feed = { close(): void };
export type OpenFeed = (target: FeedTarget, listener: FeedListener) => Feed;

/** Connects by WebSocket where there is one, else by server-sent events. */
export const openFeed: OpenFeed = (target, listener) =>
  typeof WebSocket === "function" ? openSocketFeed(target, listener) : openEventFeed(target, listener);

/** By WebSocket. */
export const openSocketFeed: OpenFeed = (target, listener) => {
  const socket = new WebSocket(addressOf(target, "connect").replace(/^http/, "ws"));
  let isOver = false;
  let wasOpen = false;
  const end = (message: string): void => {
    if (isOver) return;
    isOver = true;
    listener.ended(new Error(message));
  };
  socket.addEventListener("open", () => {
    wasOpen = true;
    if (!isOver) listener.opened();
  });
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (!isOver && typeof data === "string") listener.received(data);
  });
  socket.addEventListener("close", ({ code, reason }) =>
    end(wasOpen ? `The realtime connection was closed (${code}${reason === "" ? "" : `, ${reason}`}).` : REFUSED),
  );
  socket.addEventListener("error", () => {
    if (!wasOpen) end(REFUSED);
  });
  return {
    close: () => {
      isOver = true;
      socket.close();
    },
  };
};

const REFUSED =
  "The realtime connection could not be opened: the server is not there, or the token is not valid (it opens connections for a minute).";

/** By server-sent events. */
export const openEventFeed: OpenFeed = (target, listener) => {
  const abort = new AbortController();
  const { signal } = abort;
  readEvents(addressOf(target, "sse"), { signal, listener }).then(
    () => signal.aborted || listener.ended(new Error("The realtime connection was closed by the server.")),
    (error: unknown) => signal.aborted || listener.ended(error instanceof Error ? error : new Error(String(error))),
  );
  return { close: () => abort.abort() };
};

type Reading = { readonly signal: AbortSignal; readonly listener: FeedListener };

async function readEvents(url: string, { signal, listener }: Reading): Promise<void> {
  const response = await fetch(url, { signal, headers: { accept: "text/event-stream" } });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${REFUSED} (HTTP ${response.status})`);
  }
  listener.opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const lines = new Lines();
  let event: string[] = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const line of lines.take(part.value)) {
      if (line.startsWith("data:")) event.push(line.slice(line[5] === " " ? 6 : 5));
      if (line !== "" || event.length === 0) continue;
      if (!signal.aborted) listener.received(event.join("\n"));
      event = [];
    }
  }
}

/** Whole lines of a text that comes in parts. */
class Lines {
  #parts: string[] = [];

  take(text: string): readonly string[] {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    if (lines.length === 0) {
      this.#parts.push(rest);
      return [];
    }
    lines[0] = this.#parts.join("") + (lines[0] ?? "");
    this.#parts = [rest];
    return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }
}

function addressOf({ apiBaseUrl, key }: FeedTarget, path: string): string {
  return `${apiBaseUrl.replace(/\/$/, "")}/v1/realtime/${path}?token=${encodeURIComponent(key)}`;
}
