/** What an AI provider's answer says about itself: the model, and how many tokens it took. Spec: semantics 5.6. */
import { recordOf } from "../json.ts";

/** Values for the metadata of kind `inngest.ai`; undefined where the answer tells nothing. */
export function aiUsageOf(answer: unknown): Readonly<Record<string, string | number>> | undefined {
  const body = recordOf(answer);
  const usage = recordOf(body["usage"] ?? body["usageMetadata"]);
  const values = {
    model: textOf(body["model"] ?? body["modelVersion"]),
    input_tokens: numberOf(usage["prompt_tokens"] ?? usage["input_tokens"] ?? usage["promptTokenCount"]),
    output_tokens: numberOf(usage["completion_tokens"] ?? usage["output_tokens"] ?? usage["candidatesTokenCount"]),
    total_tokens: numberOf(usage["total_tokens"] ?? usage["totalTokenCount"]),
  };
  const known = Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
