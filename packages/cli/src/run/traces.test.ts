import { expect, test } from "vitest";
import { tracesOf } from "./traces.ts";

test.each<[string | undefined, NodeJS.ProcessEnv, string | undefined]>([
  [undefined, {}, undefined],
  ["http://collector:4318", {}, "http://collector:4318/v1/traces"],
  ["http://collector:4318/", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://other" }, "http://collector:4318/v1/traces"],
  [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/base" }, "https://otlp.example/base/v1/traces"],
  [undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://otlp.example/in" }, "https://otlp.example/in"],
  ["http://collector", { OTEL_SDK_DISABLED: "true" }, undefined],
  ["http://collector", { OTEL_TRACES_EXPORTER: "none" }, undefined],
])("%j and %j: %j", (endpoint, env, url) => {
  expect(tracesOf(endpoint, env)?.url).toBe(url);
});

test("headers and the service's name come from OpenTelemetry's variables", () => {
  const env = { OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b, X-Team = core,,=x", OTEL_SERVICE_NAME: "jobs" };
  expect(tracesOf("http://c", env)).toMatchObject({ headers: { "api-key": "a b", "x-team": "core" }, serviceName: "jobs" });
});

test.each(["collector:4318", "ftp://c", ""])("%j is no endpoint", (endpoint) => {
  expect(() => tracesOf(endpoint, {})).toThrow("--otlp-endpoint must be an http or https URL");
});
