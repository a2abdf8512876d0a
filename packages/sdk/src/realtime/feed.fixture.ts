/** Connections that tests open, feed and cut. */
import type { FeedListener, FeedTarget, OpenFeed } from "./feed.ts";

type FakeFeed = {
  readonly target: FeedTarget;
  readonly listener: FeedListener;
  isClosed: boolean;
};

export type FakeFeeds = {
  readonly open: OpenFeed;
  /** In the order in which they were asked for. */
  readonly feeds: readonly FakeFeed[];
  /** The newest. */
  readonly last: () => FakeFeed;
};

export function fakeFeeds(): FakeFeeds {
  const feeds: FakeFeed[] = [];
  return {
    feeds,
    open(target, listener) {
      const feed: FakeFeed = { target, listener, isClosed: false };
      feeds.push(feed);
      return {
        close: () => {
          feed.isClosed = true;
        },
      };
    },
    last() {
      const feed = feeds.at(-1);
      if (feed === undefined) throw new Error("No connection was asked for.");
      return feed;
    },
  };
}

/** A message as the server writes it. */
export function wireText(data: unknown, over: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ kind: "data", data, channel: "c", topic: "t", created_at: "2026-08-06T16:00:00Z", ...over });
}
