import { afterEach, expect, test, vi } from "vitest";
import { type AiModel, anthropic, deepseek, gemini, grok, inferOptions, openai, openaiResponses } from "./model.ts";

afterEach(() => vi.unstubAllEnvs());

test("a model's op says where to ask, how the key is sent, and what; the call's own words come before the defaults", () => {
  const model = openai({ model: "m", apiKey: "k", baseUrl: "https://x.example/v1/", defaultParameters: { temperature: 0 } });
  expect(inferOptions(model, { messages: [], temperature: 1 })).toEqual({
    type: "step.ai.infer",
    url: "https://x.example/v1/chat/completions",
    headers: {},
    auth_key: "k",
    format: "openai-chat",
    body: { model: "m", temperature: 1, messages: [] },
  });
  expect(
    inferOptions(anthropic({ model: "m", apiKey: "k", defaultParameters: { max_tokens: 9 }, betaHeaders: ["a", "b"] }), {}),
  ).toMatchObject({
    url: "https://api.anthropic.com/v1/messages",
    format: "anthropic",
    headers: { "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" },
    body: { model: "m", max_tokens: 9 },
  });
  expect(inferOptions(gemini({ model: "a/b", apiKey: "k" }), { contents: [] })).toMatchObject({
    url: "https://generativelanguage.googleapis.com/v1beta/models/a%2Fb:generateContent",
    body: { contents: [] },
  });
});

test.each([
  [openaiResponses({ model: "m", apiKey: "k" }), "https://api.openai.com/v1/responses", "openai-responses"],
  [grok({ model: "m", apiKey: "k" }), "https://api.x.ai/v1/chat/completions", "grok"],
  [deepseek({ model: "m", apiKey: "k" }), "https://api.deepseek.com/v1/chat/completions", "openai-chat"],
] as [AiModel, string, string][])("$1 speaks %s", (model, url, format) => {
  expect(inferOptions(model, {})).toMatchObject({ url, format, auth_key: "k", body: { model: "m" } });
});

test("models that complete a request themselves get copies, and the call's own words still come first", () => {
  const body = { temperature: 1 };
  const model: AiModel = {
    format: "openai-chat",
    authKey: "k",
    onCall: (own: { url: string }, asked: Record<string, unknown>) => {
      own.url = "https://y.example";
      Object.assign(asked, { model: "m", temperature: 0 });
    },
  };
  expect(inferOptions(model, body)).toMatchObject({ url: "https://y.example", body: { model: "m", temperature: 1 } });
  expect([model.url, body]).toEqual([undefined, { temperature: 1 }]);
  expect(() => inferOptions({ format: "x", authKey: "k" }, {})).toThrow("url");
});

test("the key comes from the provider's variable, and its absence is said at once", () => {
  vi.stubEnv("OPENAI_API_KEY", "from-env");
  expect(openai({ model: "m" }).authKey).toBe("from-env");
  vi.stubEnv("OPENAI_API_KEY", "");
  expect(() => openai({ model: "m" })).toThrow("OPENAI_API_KEY");
});
