import { expect, test } from "vitest";
import { remedyOf, syncFailure } from "./failure.ts";

test.each([
  ["unreachable", /^Nothing answers/, /running/],
  ["unauthorized", /401/, /without a login/],
  ["forbidden", /403/, /firewall/],
  ["url_not_found", /404/, /\/api\/pawl/],
  ["invalid_signing_key", /signing key/, /same signing key/],
  ["missing_signing_key", /no signing key/, /PAWL_SIGNING_KEY/],
  ["response_signature_invalid", /another key/, /proxy/],
  ["no_functions", /no functions/, /serve\(\)/],
  ["sdk_version_denied", /security problem/, /3\.54\.0/],
  ["unsupported_protocol", /http or https/, /https:\/\//],
  ["address_refused", /may not call/, /--public-apps-only/],
  ["status_405", /no PUT/, /GET, POST and PUT/],
  ["status_302", /redirects .*302/, /the one it leads to/],
  ["status_413", /413/, /in front of it/],
  ["status_502", /502/, /proxy/],
])("%s: what was seen and what to do", (code, what, remedy) => {
  expect(syncFailure(code)).toEqual({ code, what: expect.stringMatching(what), remedy: expect.stringMatching(remedy) });
});

test("each remedy is one sentence", () => {
  for (const code of ["unreachable", "address_refused", "missing_signing_key", "status_302", "status_503"])
    expect(syncFailure(code).remedy).toMatch(/^[^.]+(\.\w[^.]*)*\.$/);
});

test.each(["shop-a: the cron is not valid", "quota_exceeded", "status_999", "toString"])(
  "what has no words is shown as it is: %s",
  (error) => {
    expect(syncFailure(error)).toEqual({ what: error });
  },
);

test("a refusal that ends in a code has its remedy", () => {
  expect(remedyOf("The app at http://127.0.0.1:1/api/pawl could not be synced: unreachable")).toBe(syncFailure("unreachable").remedy);
  expect(remedyOf("The app at http://127.0.0.1:1/api/pawl could not be synced: status_502")).toBe(syncFailure("status_502").remedy);
  expect(remedyOf("What is at http://127.0.0.1:1/api/pawl is the app etl, not shop.")).toBeUndefined();
});
