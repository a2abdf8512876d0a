/**
 * Bodies read as JSON whatever their type is said to be: clients of the protocol are many, and not all of them name it.
 *
 * I1  What is no JSON object is refused with 400 and a sentence, and never counts as one without fields.
 *
 * Spec: wire 4.3, 7.3 to 7.5.
 */
import type { FastifyInstance } from "fastify";
import { RequestRefusal } from "./errors.ts";
import { isRecord } from "../json.ts";

/** Has the routes of a scope read bodies so. `bytesMax` is what one may have. */
export function readBodiesAsJson(app: FastifyInstance, bytesMax: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string", bodyLimit: bytesMax }, (_request, body, done) => {
    try {
      done(null, jsonObject(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refusal(`it isn't JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(value)) throw refusal("it isn't a JSON object");
  return value;
}

function refusal(problem: string): RequestRefusal {
  return new RequestRefusal({ status: 400, code: "invalid_request", message: `Invalid request: the body can't be read, ${problem}.` });
}
