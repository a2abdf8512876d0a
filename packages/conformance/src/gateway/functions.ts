/** An app whose steps have the server make requests. Each function is started by `gateway/<id>`, with the address of the provider in `data.url`. */
import type { AiModels, EventOf, Handler, HandlerContext, Kit } from "../app/kit.ts";

export const APP_ID = "gateway";

/** The key that must be seen by the provider, and by nobody else. */
export const API_KEY = "key-of-the-test";

const MESSAGES = [{ role: "user", content: "Say hi." }];

/** Defines the functions. */
export function defineFunctions(kit: Kit): void {
  const define = (id: string, handler: Handler, options: Readonly<Record<string, unknown>> = {}): unknown =>
    kit.define({ ...options, id }, { event: `gateway/${id}` }, handler);
  define("infer-openai", async ({ event, step }) => {
    const { ai } = step;
    const model = ai.models.openai({ ...common(event), defaultParameters: { temperature: 0 } });
    const answer = (await ai.infer("ask", { model, body: { messages: MESSAGES } })) as { readonly choices: readonly Choice[] };
    return step.run("read", () => answer.choices[0]?.message.content);
  });
  define("infer-anthropic", async ({ event, step }) => {
    const { ai } = step;
    const model = ai.models.anthropic({ ...common(event), defaultParameters: { max_tokens: 9 } });
    return ai.infer("ask", { model, body: { messages: MESSAGES } });
  });
  define("infer-gemini", async ({ event, step }) => {
    const { ai } = step;
    const model = ai.models.gemini(common(event));
    return ai.infer("ask", { model, body: { contents: [{ role: "user", parts: [{ text: "Say hi." }] }] } });
  });
  const ask: Handler = async ({ event, step }) => {
    kit.report({ kind: "asked", url: event.data["url"] });
    return caught(step.ai.infer("ask", { model: step.ai.models.openai(common(event)), body: { messages: MESSAGES } }));
  };
  define("infer-again", ask);
  define("infer-once", ask, { retries: 0 });
  define("wrap", async ({ step }) => step.ai.wrap("wrap", async (n: number) => ({ doubled: n * 2, gone: undefined }), 21));
  define("fetch", fetchJson);
  define("fetch-any", async ({ event, step }) => {
    const { status, headers } = await step.fetch(text(event, "url"));
    return { status, header: headers.get("x-provider") };
  });
  define("fetch-parallel", fetchParallel);
  define("fetch-nobody", async ({ event, step }) => caught(step.fetch(text(event, "url"))), { retries: 0 });
}

type Choice = { readonly message: { readonly content: string } };

async function fetchJson({ event, step }: HandlerContext): Promise<unknown> {
  const response = await step.fetch(text(event, "url"), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ n: 1 }),
  });
  return step.run("read", async () => ({ status: response.status, body: await response.json() }));
}

async function fetchParallel({ event, step }: HandlerContext): Promise<unknown> {
  const answers = await Promise.all([1, 2, 3].map((n) => step.fetch(`${text(event, "url")}?n=${String(n)}`)));
  const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<{ readonly path: string }>));
  return bodies.map(({ path }) => path);
}

function common(event: EventOf): Parameters<AiModels["openai"]>[0] {
  return { model: "m-1", apiKey: API_KEY, baseUrl: text(event, "url") };
}

function text(event: EventOf, name: string): string {
  return String(event.data[name]);
}

async function caught(asked: Promise<unknown>): Promise<unknown> {
  try {
    await asked;
    return "answered";
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
}
