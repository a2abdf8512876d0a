import { expect, test } from "vitest";
import { staticSchema } from "../event/standard-schema.ts";
import { channel } from "./channel.ts";

test("a channel with a name has its topics as members", () => {
  const schema = staticSchema<{ a: number }>();
  const chat = channel({ name: "chat", topics: { status: { schema }, raw: {} } });
  expect(chat).toMatchObject({ name: "chat", topics: { status: { schema }, raw: {} } });
  expect(chat.status).toEqual({ channel: "chat", topic: "status", config: { schema } });
  expect(chat.raw).toEqual({ channel: "chat", topic: "raw", config: {} });
});

test("a channel whose name is a function is made for its arguments", () => {
  const chat = channel({ name: ({ userId }: { userId: string }) => `user:${userId}`, topics: { status: {} } });
  expect(chat({ userId: "7" }).status).toMatchObject({ channel: "user:7", topic: "status" });
  expect(chat.topics).toEqual({ status: {} });
});

test.each(["name", "topics"])("a topic can't be called %s", (name) => {
  expect(() => channel({ name: "c", topics: { [name]: {} } })).toThrow(/can't be called/);
});
