/** An app that publishes, subscribes and asks for tokens with its client's own means. */
import type { HandlerContext, Kit, RealtimeOf, TopicOf } from "../app/kit.ts";

export const APP_ID = "realtime";

const topic = (channel: string, name: string): TopicOf => ({ channel, topic: name, config: {} });

/** Defines the functions, and what the app does when it is told to. */
export function defineFunctions(kit: Kit): void {
  const { realtime } = kit;
  if (realtime === undefined) throw new Error(`${kit.client} has no realtime.`);
  kit.define({ id: "publish" }, { event: "test/publish" }, (context) => publish(context, realtime));
  kit.define({ id: "watched" }, { event: "test/watched" }, async ({ step, runId }) => {
    await step.run("tell", () => kit.report({ kind: "started", runId }));
    await step.waitForEvent("go", { event: "test/go", timeout: "1h" });
    return { done: true };
  });
  kit.onTold((told) => {
    if (told.kind === "subscribe") void subscribe(kit, realtime, told as unknown as Subscription);
    if (told.kind === "token")
      void realtime.token(told as unknown as Subscription).then(({ key }) => kit.report({ kind: "token", channel: told["channel"], key }));
  });
}

type Subscription = { readonly channel: string; readonly topics: readonly string[] };

/** Calls of the function repeat what is outside of steps, so the client's own publish is in a step of its own. */
async function publish({ event, step }: HandlerContext, realtime: RealtimeOf): Promise<unknown> {
  const channel = String(event.data["channel"]);
  const told = await step.realtime?.publish("tell", topic(channel, "t"), { by: "step", text: "é\n" });
  await step.run("client", () => realtime.publish(topic(channel, "t"), { by: "client" }).then(() => null));
  await step.run("other", () => realtime.publish(topic(channel, "other"), { by: "other" }).then(() => null));
  await step.realtime?.publish("last", topic(channel, "t"), { by: "last" });
  return told;
}

async function subscribe(kit: Kit, realtime: RealtimeOf, { channel, topics }: Subscription): Promise<void> {
  try {
    await realtime.subscribe({ channel, topics, onMessage: (message) => kit.report({ kind: "message", channel, message }) });
    kit.report({ kind: "subscribed", channel });
  } catch (error) {
    kit.report({ kind: "refused", channel, message: String(error) });
  }
}
