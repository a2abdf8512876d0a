import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { endpointIds, uuidOf } from "./uuid.ts";

/** Version 5 by the standard: the first 16 bytes of a SHA-1, with version and variant. */
function version5(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha1").update(Buffer.from("6ba7b8129dad11d180b400c04fd430c8", "hex"));
  for (const part of parts) hash.update(part);
  const hex = hash
    .digest("hex")
    .slice(0, 32)
    .replace(/^(.{12})./, "$15")
    .replace(/^(.{16})(.)/, (_, head: string, digit: string) => head + ((Number.parseInt(digit, 16) & 3) | 8).toString(16));
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const bytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll("-", ""), "hex");

test("an app's id is that of its name", () => {
  expect(uuidOf("shop")).toBe(version5("shop"));
});

test("an endpoint's app belongs to the environment, and the endpoint to its app", () => {
  const { appId, functionId } = endpointIds({ domain: "https://shop.example", slug: "POST /quote" });
  expect(appId).toBe(version5(bytes("00000000-0000-4000-b000-000000000000"), "https://shop.example"));
  expect(functionId).toBe(version5(bytes(appId), "POST /quote"));
});
