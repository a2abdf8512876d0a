/** One function for each option of flow control. Each is started by the event `flow/<id>` and returns the `n` of its events. */
import type { Handler, Kit } from "../app/kit.ts";

export const APP_ID = "flow";

/** Defines the functions. */
export function defineFunctions(kit: Kit): void {
  const define = (id: string, options: Readonly<Record<string, unknown>>, handler: Handler = numbers): unknown =>
    kit.define({ ...options, id }, { event: `flow/${id}` }, handler);
  define("rate-limit", { rateLimit: { limit: 2, period: "1m" } });
  define("idempotency", { idempotency: "event.data.key" });
  define("throttle", { throttle: { limit: 1, period: "1s" } });
  define("debounce", { debounce: { period: "1s", key: "event.data.key" } });
  define("batch", { batchEvents: { maxSize: 3, timeout: "1s" } });
  define("singleton", { singleton: { mode: "skip", key: "event.data.key" } }, slow);
  define("singleton-cancel", { singleton: { mode: "cancel" } }, slow);
  define("priority", { concurrency: 1, priority: { run: "int(event.data.priority)" } }, slow);
  define("finish", { timeouts: { finish: "1s" } }, async ({ step }) => step.sleep("long", "1h"));
  const limited = define("limited", { rateLimit: { limit: 1, period: "1m" } });
  define("invoke-limited", {}, async ({ step }) => {
    await step.invoke("first", { function: limited, data: { n: 1 } });
    try {
      await step.invoke("second", { function: limited, data: { n: 2 } });
      return "it ran";
    } catch (error) {
      return (error as Error).message;
    }
  });
}

const numbers: Handler = ({ events }) => events.map(({ data }) => data["n"]);

const slow: Handler = async ({ event, step }) => {
  await step.run("work", () => new Promise((resolve) => setTimeout(resolve, 300)));
  return event.data["n"];
};
