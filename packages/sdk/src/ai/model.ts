/**
 * Models for `step.ai.infer`: where a provider is asked, and how its key is sent.
 *
 * I1  Nothing is sent from here: the server makes the request. The key travels with the step, and is shown to nobody.
 *
 * Source: sdk 21, wire-protocol 6.13.
 */
import { NonRetriableError } from "../error/errors.ts";

/** How the key is sent, and how the answer's tokens are counted. Unknown formats send `Authorization: Bearer`. */
export type AiFormat = "openai-chat" | "openai-responses" | "anthropic" | "gemini" | "bedrock" | (string & {});

/** A model of a provider. Any object of this shape will do. */
export type AiModel = {
  readonly format: AiFormat;
  readonly url: string;
  readonly authKey: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the request's body; what the call gives comes before them. */
  readonly defaults?: Readonly<Record<string, unknown>>;
};

export type ModelOptions = {
  readonly model: string;
  /** Default: the provider's environment variable. */
  readonly apiKey?: string;
  /** Default: the provider's own. */
  readonly baseUrl?: string;
  /** Members of the request's body; what the call gives comes before them. */
  readonly defaults?: Readonly<Record<string, unknown>>;
};

/** OpenAI's chat completions, and whatever speaks like them. Key: `OPENAI_API_KEY`. */
export function openai({ model, apiKey, baseUrl = "https://api.openai.com/v1", defaults }: ModelOptions): AiModel {
  return {
    format: "openai-chat",
    url: `${withoutSlash(baseUrl)}/chat/completions`,
    authKey: keyOf("OPENAI_API_KEY", apiKey),
    defaults: { model, ...defaults },
  };
}

/** Anthropic's messages. Key: `ANTHROPIC_API_KEY`. `maxTokens` is what the provider demands. */
export function anthropic(options: ModelOptions & { readonly maxTokens: number }): AiModel {
  const { model, apiKey, baseUrl = "https://api.anthropic.com/v1", maxTokens, defaults } = options;
  return {
    format: "anthropic",
    url: `${withoutSlash(baseUrl)}/messages`,
    authKey: keyOf("ANTHROPIC_API_KEY", apiKey),
    headers: { "anthropic-version": "2023-06-01" },
    defaults: { model, max_tokens: maxTokens, ...defaults },
  };
}

/** Google's Gemini. Key: `GEMINI_API_KEY`. */
export function gemini({ model, apiKey, baseUrl = "https://generativelanguage.googleapis.com/v1beta", defaults }: ModelOptions): AiModel {
  return {
    format: "gemini",
    url: `${withoutSlash(baseUrl)}/models/${encodeURIComponent(model)}:generateContent`,
    authKey: keyOf("GEMINI_API_KEY", apiKey),
    ...(defaults === undefined ? {} : { defaults }),
  };
}

/** Options of the op that asks a model. */
export function inferOptions(model: AiModel, body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { format, url, authKey, headers = {}, defaults } = model;
  return { type: "step.ai.infer", url, headers, auth_key: authKey, format, body: { ...defaults, ...body } };
}

function keyOf(variable: string, given: string | undefined): string {
  const key = given ?? environment()[variable];
  if (key === undefined || key === "") throw new NonRetriableError(`No API key: set ${variable}, or give \`apiKey\`.`);
  return key;
}

function environment(): Readonly<Record<string, string | undefined>> {
  return (globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } }).process?.env ?? {};
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
