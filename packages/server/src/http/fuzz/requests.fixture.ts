/** Requests of a fuzz: valid ones with something wrong in them, and garbage. */
import * as fc from "fast-check";
import { EXAMPLES, type Example, NO_BODY } from "./examples.fixture.ts";
import { type Credential, CREDENTIALS, type Route } from "./fuzz-server.fixture.ts";

export type FuzzRequest = {
  readonly kind: "dev" | "cloud";
  readonly credential: Credential;
  /** For each parameter of the path, this text, or "known" for one that exists. */
  readonly params: readonly string[];
  /** With its question mark, or empty; or "known" for one that exists. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
};

const DEEP = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

const CEL = [
  "event.data.n == 1",
  "event.data.n ==",
  "a.b.c.d(",
  "has(x) && ".repeat(300),
  "[1,2,3].all(x, [x].all(y, y > 0))",
  '"\\u0000" in event',
];

/** Texts that are odd to someone. */
const ODD_TEXTS: readonly string[] = [
  "",
  " ",
  "0",
  "-1",
  "1e9",
  "NaN",
  "null",
  "[object Object]",
  "__proto__",
  "constructor",
  "01JZ0000000000000000000000",
  "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
  "2026-01-31T12:00:00Z",
  "9999-99-99T99:99:99Z",
  "+275760-09-13T00:00:00.001Z",
  "\u0000",
  "\ud800",
  "ü𝕏\u202e",
  "../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%00",
  "%",
  "' or 1=1 --",
  "a".repeat(1_500),
  "a,b,,c",
  "http://[::1",
  "file:///etc/passwd",
  Buffer.from('{"id":1}').toString("base64url"),
  Buffer.from('{"id":"x","c":{"queuedAt":{"f":"queuedAt","v":1e400}}}').toString("base64url"),
  "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
  `eyJhbGciOiJIUzI1NiJ9.${"a".repeat(500)}.${"b".repeat(43)}`,
  ...CEL,
];

const ODD_VALUES: readonly unknown[] = [
  ...ODD_TEXTS,
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  -0,
  Number.MAX_SAFE_INTEGER,
  9e15,
  [],
  [null],
  {},
  { a: { b: [] } },
  Array.from({ length: 300 }, () => "x"),
  "x".repeat(200_000),
];

const QUERY_NAMES: readonly string[] = (
  "limit cursor status order timeField time_field from until appId functionId includeOutput received_after received_before name if q app " +
  "event function internal after token channel topic run_id metadata url archived app_id __proto__ constructor toString"
).split(" ");

const HEADERS: readonly string[] = (
  "authorization content-type content-encoding x-inngest-signature x-inngest-event-id-seed x-inngest-env x-inngest-expected-server-kind " +
  "x-inngest-generation-id x-inngest-sdk x-forwarded-for x-forwarded-host x-forwarded-proto accept origin cookie last-event-id mcp-protocol-version " +
  "idempotency-key if-none-match range accept-encoding user-agent sec-fetch-site host traceparent x-http-method-override"
).split(" ");

const ODD_HEADERS: readonly string[] = [
  "a".repeat(8_000),
  "application/json; charset=utf-16",
  "Basic Og==",
  "Bearer ",
  "Bearer \u00ff",
  "t=99999999999999999999&s=00",
  "x/y; boundary=",
  "1.2.3.4, [::1]:5, unknown,, 10.0.0.1%eth0",
  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  `01-${"f".repeat(32)}-${"f".repeat(16)}-ff-${"-".repeat(5_000)}`,
  ...(
    " Bearer gzip br application/json text/plain text/stream multipart/form-data application/x-protobuf / t=1&s= t=1&s=zz 1,AAAA " +
    "1700000000000,AAAAAAAAAAAAAA== pawl_session=1.a pawl_session=99999999999999.% bytes=0-9999999 * -1 \u00e9\u00ff http://evil.example " +
    "null 2025-06-18 cloud dev localhost:8288 evil.example js:v :"
  ).split(" "),
];

const oddText = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ODD_TEXTS) }, fc.string({ unit: "binary", maxLength: 40 }));
const oddValue = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ODD_VALUES) }, fc.jsonValue({ maxDepth: 3 }));

/** Something for one parameter; mostly valid, so that what comes after it is reached. */
const param = fc.oneof({ weight: 3, arbitrary: fc.constant("known") }, oddText);

const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("known") },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...QUERY_NAMES), oddText), { minLength: 1, maxLength: 4 })
      .map((pairs) => `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&")}`),
  },
  fc.constantFrom("?%", "?a=%ff&%zz", "?limit=1&limit=2&limit[]=3", "?&&==&", `?q=${"a".repeat(4_000)}`),
);

const headers = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  fc.dictionary(fc.constantFrom(...HEADERS), fc.constantFrom(...ODD_HEADERS), { maxKeys: 3, noNullPrototype: true }),
);

/** Requests for a route. */
export function requestsFor(route: Route): fc.Arbitrary<FuzzRequest> {
  const count = route.url.match(/:[a-zA-Z]+|\*/g)?.length ?? 0;
  return fc.record({
    kind: fc.constantFrom("dev", "cloud"),
    credential: fc.oneof({ weight: 4, arbitrary: fc.constant<Credential>("signing") }, fc.constantFrom(...CREDENTIALS)),
    params: fc.array(param, { minLength: count, maxLength: count }),
    query,
    headers,
    body: bodiesFor(route),
  });
}

function bodiesFor({ method, url }: Route): fc.Arbitrary<Buffer | undefined> {
  if (method === "GET") return fc.constant(undefined);
  const examples = EXAMPLES[`${method} ${url}`];
  const known = examples === undefined || examples === NO_BODY ? [] : examples;
  return fc.oneof(
    ...(known.length === 0 ? [] : [{ weight: 8, arbitrary: fc.constantFrom(...known).chain(changed) }]),
    ...(known.length === 0 ? [] : [{ weight: 2, arbitrary: fc.constantFrom(...known).map(bytesOf) }]),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc.constantFrom(undefined, ...'{|[|{}|[]|null|"|0|{"a":1}}|\ufeff{}|{"__proto__":{"x":1}}'.split("|").map((text) => Buffer.from(text))),
    fc.constantFrom(600, 5_000, 100_000).map((levels) => Buffer.from(DEEP(levels))),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
}

/** An example with something wrong in it. */
function changed(example: Example): fc.Arbitrary<Buffer> {
  const bytes = bytesOf(example);
  const cut = fc.nat({ max: bytes.length }).map((length) => bytes.subarray(0, length));
  const flipped = fc.tuple(fc.nat({ max: Math.max(0, bytes.length - 1) }), fc.nat({ max: 255 })).map(([index, value]) => {
    const copy = Buffer.from(bytes);
    copy[index] = value;
    return copy;
  });
  if (!("json" in example)) return fc.oneof(cut, flipped);
  const places = placesIn(example.json);
  const replaced = fc
    .array(fc.tuple(fc.constantFrom(...places), fc.oneof({ weight: 5, arbitrary: oddValue }, fc.constant(undefined))), {
      minLength: 1,
      maxLength: 2,
    })
    .map((changes) =>
      Buffer.from(JSON.stringify(changes.reduce((json, [place, value]) => withValue(json, place, value), example.json)) ?? ""),
    );
  return fc.oneof({ weight: 8, arbitrary: replaced }, cut, flipped);
}

function bytesOf(example: Example): Buffer {
  return "json" in example ? Buffer.from(JSON.stringify(example.json)) : Buffer.from(example.bytes);
}

type Place = readonly (string | number)[];

/** Every place in a value, its own included. */
function placesIn(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value !== "object" || value === null) return [at];
  const keys = Array.isArray(value) ? value.map((_item, index) => index) : Object.keys(value);
  return [at, ...keys.flatMap((key) => placesIn((value as Record<string | number, unknown>)[key], [...at, key]))];
}

/** The value with another in a place; undefined leaves it out. */
function withValue(json: unknown, [key, ...rest]: Place, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof json !== "object" || json === null) return json;
  const copy = (Array.isArray(json) ? [...json] : { ...json }) as Record<string | number, unknown>;
  copy[key] = withValue(copy[key], rest, value);
  return copy;
}
