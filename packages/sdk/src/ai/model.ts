/**
 * Models for `step.ai.infer`: where a provider is asked, and how its key is sent.
 *
 * I1  Nothing is sent from here: the server makes the request. The key travels with the step, and is shown to nobody.
 * I2  What a call says comes before a model's defaults, and nothing that users hand over is changed. (Other SDKs do both otherwise.)
 *
 * Source: sdk 21, wire-protocol 6.13.
 */
import { NonRetriableError } from "../error/errors.ts";
import type { Any } from "../json/any.ts";
import type * as provider from "./provider-types.ts";

/** How the key is sent, and how the answer's tokens are counted. Unknown formats send `Authorization: Bearer`. */
export type AiFormat = "openai-chat" | "openai-responses" | "anthropic" | "gemini" | "grok" | "bedrock" | (string & {});

/** A model of a provider. Any object of this shape will do, such as the models of `@inngest/ai`. */
export type AiModel<Body = Any, Answer = Any> = {
  readonly format: AiFormat;
  readonly url?: string;
  readonly authKey: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the request's body; what the call gives comes before them. */
  readonly defaultParameters?: Readonly<Record<string, unknown>>;
  /** Completes a request: changes the copies that it gets. */
  readonly onCall?: (model: Any, body: Any) => void;
  /** Of types only. */
  readonly "~types"?: { readonly input: Body; readonly output: Answer };
};

/** What a model is asked. */
export type AiInput<M> = TypesOf<M> extends { readonly input: infer Body } ? Body : Readonly<Record<string, unknown>>;

/** What a model answers. */
export type AiOutput<M> = TypesOf<M> extends { readonly output: infer Answer } ? Answer : Any;

/** Unknown where the model says nothing about its types. */
type TypesOf<M> = "~types" extends keyof M ? NonNullable<M["~types"]> : unknown;

export type ModelOptions = {
  readonly model: string;
  /** Default: the provider's environment variable. */
  readonly apiKey?: string;
  /** Default: the provider's own. */
  readonly baseUrl?: string;
  /** Members of the request's body; what the call gives comes before them. */
  readonly defaultParameters?: Readonly<Record<string, unknown>>;
};

/** OpenAI's chat completions, and whatever speaks like them. Key: `OPENAI_API_KEY`. */
export function openai(options: ModelOptions): AiModel<provider.OpenAiBody, provider.OpenAiAnswer> {
  const { baseUrl = "https://api.openai.com/v1", apiKey } = options;
  return named(options, { format: "openai-chat", url: under(baseUrl, "chat/completions"), authKey: keyOf("OPENAI_API_KEY", apiKey) });
}

/** OpenAI's responses. Key: `OPENAI_API_KEY`. */
export function openaiResponses(options: ModelOptions): AiModel<provider.OpenAiResponsesBody, provider.OpenAiResponsesAnswer> {
  const { baseUrl = "https://api.openai.com/v1", apiKey } = options;
  return named(options, { format: "openai-responses", url: under(baseUrl, "responses"), authKey: keyOf("OPENAI_API_KEY", apiKey) });
}

/** xAI's Grok. Key: `XAI_API_KEY`. */
export function grok(options: ModelOptions): AiModel<provider.OpenAiBody, provider.OpenAiAnswer> {
  const { baseUrl = "https://api.x.ai/v1", apiKey } = options;
  return named(options, { format: "grok", url: under(baseUrl, "chat/completions"), authKey: keyOf("XAI_API_KEY", apiKey) });
}

/** DeepSeek. Key: `DEEPSEEK_API_KEY`. */
export function deepseek(options: ModelOptions): AiModel<provider.OpenAiBody, provider.OpenAiAnswer> {
  const { baseUrl = "https://api.deepseek.com/v1", apiKey } = options;
  return named(options, { format: "openai-chat", url: under(baseUrl, "chat/completions"), authKey: keyOf("DEEPSEEK_API_KEY", apiKey) });
}

export type AnthropicOptions = ModelOptions & {
  /** Anthropic demands a maximum. */
  readonly defaultParameters: Readonly<Record<string, unknown>> & { readonly max_tokens: number };
  /** Values of the header `anthropic-beta`. */
  readonly betaHeaders?: readonly string[];
};

/** Anthropic's messages. Key: `ANTHROPIC_API_KEY`. */
export function anthropic(options: AnthropicOptions): AiModel<provider.AnthropicBody, provider.AnthropicAnswer> {
  const { baseUrl = "https://api.anthropic.com/v1", apiKey, betaHeaders = [] } = options;
  const beta = betaHeaders.length === 0 ? {} : { "anthropic-beta": betaHeaders.join(",") };
  return named(options, {
    format: "anthropic",
    url: under(baseUrl, "messages"),
    authKey: keyOf("ANTHROPIC_API_KEY", apiKey),
    headers: { "anthropic-version": "2023-06-01", ...beta },
  });
}

/** Google's Gemini. Key: `GEMINI_API_KEY`. */
export function gemini(options: ModelOptions): AiModel<provider.GeminiBody, provider.GeminiAnswer> {
  const { model, apiKey, baseUrl = "https://generativelanguage.googleapis.com/v1beta", defaultParameters } = options;
  return {
    format: "gemini",
    url: under(baseUrl, `models/${encodeURIComponent(model)}:generateContent`),
    authKey: keyOf("GEMINI_API_KEY", apiKey),
    ...(defaultParameters === undefined ? {} : { defaultParameters }),
  };
}

/** All of them, as `step.ai.models`. */
export const models: {
  readonly openai: typeof openai;
  readonly openaiResponses: typeof openaiResponses;
  readonly anthropic: typeof anthropic;
  readonly gemini: typeof gemini;
  readonly grok: typeof grok;
  readonly deepseek: typeof deepseek;
} = { openai, openaiResponses, anthropic, gemini, grok, deepseek };

/** Options of the op that asks a model. Throws where the model says no URL. */
export function inferOptions(model: AiModel, body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const called = { ...model };
  const asked = { ...model.defaultParameters, ...body };
  model.onCall?.(called, asked);
  if (typeof called.url !== "string") throw new NonRetriableError("step.ai.infer: the model has no `url`.");
  const { format, authKey, headers = {} } = called;
  // Its defaults overwrite what it is given.
  const given = model.onCall === undefined ? {} : body;
  return { type: "step.ai.infer", url: called.url, headers, auth_key: authKey, format, body: { ...asked, ...given } };
}

/** A model whose provider wants its name in the body. */
function named<Body, Answer>({ model, defaultParameters }: ModelOptions, rest: AiModel<Body, Answer>): AiModel<Body, Answer> {
  return { ...rest, defaultParameters: { model, ...defaultParameters } };
}

function keyOf(variable: string, given: string | undefined): string {
  const key = given ?? environment()[variable];
  if (key === undefined || key === "") throw new NonRetriableError(`No API key: set ${variable}, or give \`apiKey\`.`);
  return key;
}

function environment(): Readonly<Record<string, string | undefined>> {
  return (globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } }).process?.env ?? {};
}

function under(base: string, path: string): string {
  return `${base.replace(/\/+$/, "")}/${path}`;
}
