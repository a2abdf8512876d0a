/** Delivery and bounds, on sinks that are lists. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type CloseReason, Hub, type Subscriber, type SubscriberSink } from "./hub.ts";
import type { Frame } from "./outbox.ts";
import { type Topic, topicKey } from "./topic.ts";

class ListSink implements SubscriberSink {
  readonly takesRaw: boolean;
  readonly got: string[] = [];
  readonly closed: CloseReason[] = [];
  /** Frames it takes before it asks to wait. */
  room: number;

  constructor(room: number = Infinity, takesRaw = false) {
    this.room = room;
    this.takesRaw = takesRaw;
  }

  send({ text }: Frame): boolean {
    this.got.push(text);
    this.room -= 1;
    return this.room > 0;
  }

  close(reason: CloseReason): void {
    this.closed.push(reason);
  }
}

const topic = (name: string, channel = "c"): Topic => ({ channel, name });
const keys = (...names: string[]): string[] => names.map((name) => topicKey(topic(name)));

function joined(hub: Hub, sink: SubscriberSink, names: readonly string[]): Subscriber {
  const subscriber = hub.join(
    sink,
    names.map((name) => topic(name)),
  );
  if (subscriber === "full") throw new Error("The hub is full.");
  return subscriber;
}

test("a message goes to the subscribers of its topics, once to each", () => {
  const hub = new Hub();
  const [a, b] = [new ListSink(), new ListSink()];
  joined(hub, a, ["x", "y"]);
  joined(hub, b, ["y"]);
  hub.publish(keys("x", "y"), "1");
  hub.publish(keys("x"), "2");
  expect([a.got, b.got]).toEqual([["1", "2"], ["1"]]);
});

test("channels do not run into topics", () => {
  expect(topicKey(topic("bc", "a"))).not.toBe(topicKey(topic("c", "ab")));
});

test("what was published before, or after the end, is not delivered", () => {
  const hub = new Hub();
  const sink = new ListSink();
  hub.publish(keys("x"), "before");
  const subscriber = joined(hub, sink, ["x"]);
  hub.publish(keys("x"), "during");
  hub.leave(subscriber);
  hub.publish(keys("x"), "after");
  expect(sink.got).toEqual(["during"]);
  expect(hub.hasSubscribers(keys("x"))).toBe(false);
});

test("raw pieces go to those who take them", () => {
  const hub = new Hub();
  const [stream, socket] = [new ListSink(Infinity, true), new ListSink()];
  joined(hub, stream, ["x"]);
  joined(hub, socket, ["x"]);
  hub.publishRaw(topicKey(topic("x")), "raw");
  expect([stream.got, socket.got]).toEqual([["raw"], []]);
});

test("a subscriber that is too slow is told to go, and holds up nobody", () => {
  const hub = new Hub({ framesMax: 2 });
  const [slow, fast] = [new ListSink(1), new ListSink()];
  joined(hub, slow, ["x"]);
  joined(hub, fast, ["x"]);
  for (const text of ["1", "2", "3", "4", "5"]) hub.publish(keys("x"), text);
  expect(slow).toMatchObject({ got: ["1"], closed: ["too-slow"] });
  expect(fast).toMatchObject({ got: ["1", "2", "3", "4", "5"], closed: [] });
  expect(hub).toMatchObject({ keptBytes: 0, subscriberCount: 1 });
});

test("bytes kept for all together are bounded", () => {
  const hub = new Hub({ totalBytesMax: 5 });
  const sinks = [new ListSink(1), new ListSink(1)];
  for (const sink of sinks) joined(hub, sink, ["x"]);
  hub.publish(keys("x"), "sent");
  hub.publish(keys("x"), "kept");
  expect(sinks.map(({ closed }) => closed)).toEqual([[], ["too-slow"]]);
  expect(hub.keptBytes).toBe(4);
});

test("topics and subscribers are bounded", () => {
  const hub = new Hub({ subscribersMax: 2, subscribersPerTopicMax: 1, topicsPerSubscriberMax: 2 });
  const first = joined(hub, new ListSink(), ["x"]);
  expect(hub.join(new ListSink(), [topic("x")])).toBe("full");
  const second = joined(hub, new ListSink(), ["y"]);
  expect(hub.join(new ListSink(), [topic("z")])).toBe("full");
  expect(hub.add(first, [topic("a"), topic("b")])).toBe(false);
  expect(first.keys.size).toBe(2);
  hub.leave(second);
  expect(hub.join(new ListSink(), [topic("y")])).not.toBe("full");
});

test("closing tells everyone, and takes no more", () => {
  const hub = new Hub();
  const sink = new ListSink();
  joined(hub, sink, ["x"]);
  hub.close();
  hub.close();
  expect(sink.closed).toEqual(["closing"]);
  expect(hub.join(new ListSink(), [topic("x")])).toBe("full");
});

type Command =
  | { readonly do: "publish"; readonly names: readonly string[] }
  | { readonly do: "add" | "remove"; readonly who: number; readonly name: string }
  | { readonly do: "ready"; readonly who: number; readonly room: number }
  | { readonly do: "leave"; readonly who: number };

const name = fc.constantFrom("x", "y", "z");
const who = fc.nat({ max: 2 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("publish" as const), names: fc.uniqueArray(name, { minLength: 1, maxLength: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("add" as const, "remove" as const), who, name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("ready" as const), who, room: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who }) },
);

test("property: every subscriber gets its messages in order and once, or is told to go; the bounds hold", () => {
  const limits = { framesMax: 3, bytesMax: 12, totalBytesMax: 20 };
  fc.assert(
    fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
      const hub = new Hub(limits);
      const members = [1, 2, 3].map((room) => {
        const sink = new ListSink(room);
        return { sink, subscriber: joined(hub, sink, ["x"]), topics: new Set(["x"]), expected: [] as string[], isGone: false };
      });
      commands.forEach((step, index) => {
        if (step.do === "publish") {
          const text = `m${index}`;
          for (const member of members)
            if (!member.isGone && step.names.some((each) => member.topics.has(each))) member.expected.push(text);
          hub.publish(keys(...step.names), text);
        } else {
          const member = members[step.who];
          if (member !== undefined) act(hub, member, step);
        }
        for (const member of members) {
          const { sink, subscriber, expected } = member;
          if (sink.closed.length > 0) member.isGone = true;
          const { outbox } = subscriber;
          expect(outbox.length <= limits.framesMax && outbox.bytes <= limits.bytesMax).toBe(true);
          // Sent is a prefix of what was to come; nobody who stays lacks anything that is not kept.
          expect(sink.got).toEqual(expected.slice(0, sink.got.length));
          if (!member.isGone) expect(outbox.length).toBe(expected.length - sink.got.length);
        }
        expect(hub.keptBytes).toBe(members.reduce((sum, { subscriber }) => sum + subscriber.outbox.bytes, 0));
        expect(hub.keptBytes <= limits.totalBytesMax).toBe(true);
      });
    }),
  );
});

type Member = { readonly sink: ListSink; readonly subscriber: Subscriber; readonly topics: Set<string>; isGone: boolean };

function act(hub: Hub, member: Member, step: Exclude<Command, { do: "publish" }>): void {
  if (step.do === "ready") {
    if (member.sink.room > 0) return;
    member.sink.room = step.room;
    return member.subscriber.ready();
  }
  if (step.do === "leave") {
    member.isGone = true;
    return hub.leave(member.subscriber);
  }
  if (step.do === "add") {
    hub.add(member.subscriber, [topic(step.name)]);
    member.topics.add(step.name);
  } else {
    hub.remove(member.subscriber, [topic(step.name)]);
    member.topics.delete(step.name);
  }
}
