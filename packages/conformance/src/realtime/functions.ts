/** An app that publishes, subscribes and asks for tokens with its client's own means. */
import type { HandlerContext, Kit, RealtimeOf, Subscription, TopicOf } from "../app/kit.ts";

export const APP_ID = "realtime";

/** The text that is published bit by bit. */
export const TEXT: readonly [string, string] = ["first ", "sécond"];

const topic = (channel: string, name: string): TopicOf => ({ channel, topic: name, config: {} });

/** Defines the functions, and what the app does when it is told to. */
export function defineFunctions(kit: Kit): void {
  const { realtime } = kit;
  kit.define({ ...realtime.functionOptions, id: "publish" }, { event: "test/publish" }, (context) => publish(context, realtime));
  kit.define({ id: "watched" }, { event: "test/watched" }, async ({ step, runId }) => {
    await step.run("tell", () => kit.report({ kind: "started", runId }));
    await step.waitForEvent("go", { event: "test/go", timeout: "1h" });
    return { done: true };
  });
  const onMore = Promise.withResolvers<void>();
  kit.onTold((told) => {
    const asked = told as unknown as Subscription;
    if (told.kind === "subscribe") void subscribe(kit, asked);
    if (told.kind === "token") void realtime.token(asked).then(({ key }) => kit.report({ kind: "token", channel: asked.channel, key }));
    if (told.kind === "publish-text") void realtime.publishText(topic(asked.channel, "text"), text(onMore.promise));
    if (told.kind === "more") onMore.resolve();
  });
}

/** Calls of the function repeat what is outside of steps, so the client's own publish is in a step of its own. */
async function publish({ event, step, publish: publishByContext }: HandlerContext, realtime: RealtimeOf): Promise<unknown> {
  const channel = String(event.data["channel"]);
  const told = await realtime.publishStep(step, { id: "tell", topic: topic(channel, "t"), data: { by: "step", text: "é\n" } });
  await step.run("client", () => realtime.publish(topic(channel, "t"), { by: "client" }).then(() => null));
  await step.run("other", () => realtime.publish(topic(channel, "other"), { by: "other" }).then(() => null));
  if (publishByContext !== undefined) {
    const message = (by: string): Parameters<typeof publishByContext>[0] => ({ channel, topic: "t", data: { by } });
    await publishByContext(message("context"));
    await step.run("context", () => publishByContext(message("context in a step")));
  }
  await realtime.publishStep(step, { id: "last", topic: topic(channel, "t"), data: { by: "last" } });
  return told;
}

async function* text(more: Promise<void>): AsyncGenerator<string> {
  yield TEXT[0];
  await more;
  yield TEXT[1];
}

async function subscribe(kit: Kit, { channel, topics }: Subscription): Promise<void> {
  try {
    await kit.realtime.subscribe({ channel, topics, onMessage: (message) => kit.report({ kind: "message", channel, message }) });
    kit.report({ kind: "subscribed", channel });
  } catch (error) {
    kit.report({ kind: "refused", channel, message: String(error) });
  }
}
