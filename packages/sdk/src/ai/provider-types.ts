/**
 * What providers of models are asked and answer, as far as it is the same for all their models. Members that are not named here may be given
 * and are there, untyped.
 *
 * Source: sdk 21.
 */
import type { Any } from "../json/any.ts";

type Open = { readonly [member: string]: unknown };

/** A message of a conversation. */
export type AiMessage = Open & { readonly role: string; readonly content?: unknown };

/** OpenAI's chat completions. */
export type OpenAiBody = Open & { readonly messages: readonly AiMessage[]; readonly model?: string };
export type OpenAiAnswer = {
  id: string;
  model: string;
  choices: { index: number; message: { role: string; content: string | null; tool_calls?: Any[] }; finish_reason: string }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
};

/** OpenAI's responses. */
export type OpenAiResponsesBody = Open & { readonly input: string | readonly unknown[]; readonly model?: string };
export type OpenAiResponsesAnswer = {
  id: string;
  model: string;
  status: string;
  output: Any[];
  usage?: { input_tokens: number; output_tokens: number; total_tokens: number };
};

/** Anthropic's messages. */
export type AnthropicBody = Open & { readonly messages: readonly AiMessage[]; readonly model?: string };
export type AnthropicAnswer = {
  id: string;
  model: string;
  role: string;
  content: ({ type: "text"; text: string } | { type: "tool_use"; id: string; name: string; input: Any })[];
  stop_reason: string | null;
  usage: { input_tokens: number; output_tokens: number };
};

/** Google's Gemini. */
export type GeminiBody = Open & { readonly contents: readonly { readonly role?: string; readonly parts: readonly unknown[] }[] };
export type GeminiAnswer = {
  modelVersion?: string;
  candidates?: { content: { role: string; parts: ({ text?: string } & Record<string, Any>)[] }; finishReason?: string }[];
  usageMetadata?: { promptTokenCount: number; candidatesTokenCount?: number; totalTokenCount: number };
};
