import { afterEach, expect, test, vi } from "vitest";
import { anthropic, gemini, inferOptions, openai } from "./model.ts";

afterEach(() => vi.unstubAllEnvs());

test("a model's op says where to ask, how the key is sent, and what; the call's own words come before the defaults", () => {
  const model = openai({ model: "m", apiKey: "k", baseUrl: "https://x.example/v1/", defaults: { temperature: 0 } });
  expect(inferOptions(model, { messages: [], temperature: 1 })).toEqual({
    type: "step.ai.infer",
    url: "https://x.example/v1/chat/completions",
    headers: {},
    auth_key: "k",
    format: "openai-chat",
    body: { model: "m", temperature: 1, messages: [] },
  });
  expect(inferOptions(anthropic({ model: "m", apiKey: "k", maxTokens: 9 }), {})).toMatchObject({
    url: "https://api.anthropic.com/v1/messages",
    format: "anthropic",
    headers: { "anthropic-version": "2023-06-01" },
    body: { model: "m", max_tokens: 9 },
  });
  expect(inferOptions(gemini({ model: "a/b", apiKey: "k" }), { contents: [] })).toMatchObject({
    url: "https://generativelanguage.googleapis.com/v1beta/models/a%2Fb:generateContent",
    body: { contents: [] },
  });
});

test("the key comes from the provider's variable, and its absence is said at once", () => {
  vi.stubEnv("OPENAI_API_KEY", "from-env");
  expect(openai({ model: "m" }).authKey).toBe("from-env");
  vi.stubEnv("OPENAI_API_KEY", "");
  expect(() => openai({ model: "m" })).toThrow("OPENAI_API_KEY");
});
