/** The functions of the mock server's shop, and what their runs do. */
import type { UiError, UiFunction, UiFunctionOptions } from "@pawl/protocol";
import { ScriptBuilder } from "./plan.ts";
import type { Script } from "./plan.ts";

export type MockFunction = { readonly ui: UiFunction; readonly script: (random: () => number, data: Record<string, unknown>) => Script };

const CARD_DECLINED: UiError = {
  name: "CardError",
  message: "card_declined: the issuer refused the charge of 129.00 EUR",
  stack: [
    "CardError: card_declined: the issuer refused the charge of 129.00 EUR",
    "    at charge (src/billing/gateway.ts:41:11)",
    "    at async chargeCard (src/billing/charge-card.ts:27:18)",
    "    at async Step.execute (node_modules/pawl/dist/step.js:118:20)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)",
  ].join("\n"),
  cause: { status: 402, gatewayCode: "do_not_honor", requestId: "req_9fK2c" },
};

const RATE_LIMITED: UiError = {
  name: "HttpError",
  message: "429 Too Many Requests from api.crm.example",
  stack:
    "HttpError: 429 Too Many Requests from api.crm.example\n    at request (src/crm/client.ts:88:13)\n    at async pushContact (src/crm/sync.ts:52:5)",
};

const order = (data: Record<string, unknown>): unknown => ({
  id: data["orderId"],
  total: data["total"],
  currency: "EUR",
  customer: { id: data["customerId"], plan: "pro", since: "2024-03-18" },
});

/** All functions, in the order of the list. */
export const FUNCTIONS: readonly MockFunction[] = [
  define("shop/charge-card", { event: "shop/order.created", expression: "event.data.total > 0" }, (random, data) => {
    const builder = new ScriptBuilder(random, random() < 0.15 ? 2_400 : 0).run("load-order", 84, {
      input: { orderId: data["orderId"] },
      output: order(data),
    });
    builder.parallel([
      { name: "check-stock", ms: 180, output: { available: true, warehouse: "VIE-2" } },
      { name: "score-risk", ms: 320, output: { score: 0.12, verdict: "pass" } },
      { name: "quote-shipping", ms: 140, output: { carrier: "post", cents: 490 } },
    ]);
    const isFatal = random() < 0.3;
    const failures = isFatal ? 3 : random() < 0.35 ? 1 : 0;
    builder.retry("charge-card", 900, {
      failures,
      isFatal,
      error: CARD_DECLINED,
      backoffMs: 2_500,
      input: { amount: data["total"], card: "tok_visa" },
      output: { chargeId: "ch_3Nq8", captured: true },
    });
    if (isFatal) return builder.end();
    return builder
      .run("send-receipt", 210, { output: { messageId: "<a81@shop.example>" } })
      .end({ charged: true, orderId: data["orderId"] });
  }),
  define("shop/fulfil-order", { event: "shop/order.created" }, (random, data) =>
    new ScriptBuilder(random)
      .run("reserve-items", 120, { output: { reservation: "rs_71", items: data["items"] } })
      .wait("await-payment", {
        ms: 4_000 + random() * 5_000,
        timeoutMs: 3_600_000,
        eventName: "shop/payment.settled",
        expression: `async.data.orderId == '${String(data["orderId"])}'`,
        output: { name: "shop/payment.settled" },
      })
      .sleep("cool-down", 12_000)
      .wait("make-label", { ms: 1_800, timeoutMs: 60_000, invokes: "shop-print-label", output: { label: "https://labels.example/1Z.pdf" } })
      .run("notify-customer", 160, { output: { sent: true } })
      .end({ shipped: true, carrier: "post" }),
  ),
  define("shop/print-label", { event: "shop/label.requested" }, (random) =>
    new ScriptBuilder(random)
      .run("render-pdf", 620, { output: { bytes: 48_211 } })
      .run("upload", 240, { output: { url: "https://labels.example/1Z.pdf" } })
      .end({ ok: true }),
  ),
  define("shop/abandoned-cart", { event: "shop/cart.updated" }, (random, data) =>
    new ScriptBuilder(random)
      .run("snapshot-cart", 40, { output: data })
      .wait("await-order", {
        ms: 400_000,
        timeoutMs: 90_000 + random() * 60_000,
        eventName: "shop/order.created",
        expression: "async.data.customerId == event.data.customerId",
      })
      .run("send-reminder", 190, { output: { sent: true } })
      .end({ reminded: true }),
  ),
  define("crm/sync-contact", { event: "crm/contact.changed" }, (random, data) =>
    new ScriptBuilder(random, random() < 0.5 ? 6_000 + random() * 9_000 : 0)
      .run("fetch-contact", 70, { output: { ...data, fields: 31 } })
      .retry("push-contact", 240, {
        failures: random() < 0.3 ? 2 : 0,
        error: RATE_LIMITED,
        backoffMs: 3_000,
        input: data,
        output: { synced: true },
      })
      .end({ synced: true }),
  ),
  define("crm/import-contacts", { event: "crm/import.requested" }, (random) => {
    const pages = Array.from({ length: 40 }, (_, index) => ({
      name: `import-page:${index}`,
      ms: 300 + (index % 7) * 160,
      output: { page: index, rows: 250 },
    }));
    return new ScriptBuilder(random)
      .run("count-pages", 90, { output: { pages: 40 } })
      .parallel(pages)
      .run("summarise", 130, { output: { rows: 10_000 } })
      .end({ imported: 10_000, rejected: 3 });
  }),
  define("reports/nightly-digest", { cron: "0 6 * * *" }, (random) =>
    new ScriptBuilder(random)
      .run("collect", 800, { output: { rows: 9_204 } })
      .sleep("until-morning", 26_000)
      .run("mail-digest", 300)
      .end({ mails: 118 }),
  ),
];

type Trigger = UiFunction["triggers"][number];

function define(path: `${string}/${string}`, trigger: Trigger, script: MockFunction["script"]): MockFunction {
  const [app = "", id = ""] = path.split("/");
  const slug = `${app}-${id}`;
  const config = {
    id: slug,
    name: id,
    triggers: [trigger],
    concurrency: app === "crm" ? [{ limit: 2, key: "event.data.account" }] : [],
    steps: { step: { retries: { attempts: 4 } } },
  };
  const options: UiFunctionOptions = {
    attemptsMax: 5,
    concurrency: { step: app === "crm" ? [{ limit: 2, scope: "fn", keyExpression: "event.data.account" }] : [] },
    ...(app === "shop" ? { throttle: { limit: 20, periodMs: 60_000, burst: 5 } } : {}),
    cancelOn: id === "charge-card" ? [{ event: "shop/order.cancelled", condition: "event.data.orderId == async.data.orderId" }] : [],
    timeouts: {},
  };
  return {
    ui: { id: `fn_${slug}`, slug, name: id, appName: app, version: 12, triggers: [trigger], options, config: JSON.stringify(config) },
    script,
  };
}
