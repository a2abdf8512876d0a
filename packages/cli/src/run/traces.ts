/**
 * Where traces are sent: `--otlp-endpoint`, or OpenTelemetry's own variables, which have the same meaning as everywhere.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
 */
import type { ServerOptions } from "@pawl/server";
import { CliError } from "../cli-error.ts";

type Traces = NonNullable<ServerOptions["traces"]>;

/** Undefined where no traces are wanted. Throws a `CliError`. */
export function tracesOf(endpoint: string | undefined, env: NodeJS.ProcessEnv): Traces | undefined {
  if (env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return undefined;
  const url = endpoint === undefined ? urlOf(env) : tracesBelow(endpoint, "--otlp-endpoint");
  if (url === undefined) return undefined;
  const headers = env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] ?? env["OTEL_EXPORTER_OTLP_HEADERS"] ?? "";
  const serviceName = env["OTEL_SERVICE_NAME"] ?? "";
  return { url, headers: headersOf(headers), ...(serviceName === "" ? {} : { serviceName }) };
}

function urlOf(env: NodeJS.ProcessEnv): string | undefined {
  const ofTraces = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? "";
  if (ofTraces !== "") return checked(ofTraces, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").href;
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "";
  return base === "" ? undefined : tracesBelow(base, "OTEL_EXPORTER_OTLP_ENDPOINT");
}

function tracesBelow(base: string, from: string): string {
  const url = checked(base, from);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}

function checked(text: string, from: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new CliError(`${from} must be an http or https URL; got ${text}.`, "A collector usually listens at http://localhost:4318.");
}

/** `name=value` pairs with commas between; values are percent-encoded. */
function headersOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at <= 0 ? [] : [[pair.slice(0, at).trim().toLowerCase(), decoded(pair.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
