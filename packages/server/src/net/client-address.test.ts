import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalAddress, clientAddressOf, readTrustedProxies, subscriberOf } from "./client-address.ts";

const PROXIES = ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"];
const CLIENT = "203.0.113.9";

function client(remoteAddress: string | undefined, forwarded?: string | string[], trusted: readonly string[] = PROXIES): string {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded as string };
  return clientAddressOf({ headers, socket: { remoteAddress } }, readTrustedProxies(trusted));
}

describe("the client's address", () => {
  test.each([
    ["no proxy is trusted", CLIENT, "1.2.3.4", []],
    ["the peer is not trusted", CLIENT, "1.2.3.4", PROXIES],
    ["the peer is a neighbour of a trusted one", "192.0.2.8", "1.2.3.4", PROXIES],
  ])("is the peer's where %s", (...[, peer, forwarded, trusted]) => {
    expect(client(peer, forwarded, trusted)).toBe(peer);
  });

  test.each([
    ["by its proxy", "10.1.1.1", CLIENT, CLIENT],
    ["through several", "192.0.2.7", `${CLIENT}, 10.2.2.2,10.3.3.3`, CLIENT],
    ["over IPv6", "2001:db8:1::5", "2001:DB8:9::1", "2001:db8:9::1"],
    ["over IPv4 within IPv6", "::ffff:10.1.1.1", "::ffff:203.0.113.9", CLIENT],
    ["with a port", "10.1.1.1", `${CLIENT}:50123`, CLIENT],
    ["with a port, over IPv6", "10.1.1.1", "[2001:db8:9::1]:50123", "2001:db8:9::1"],
    ["by proxies that are all trusted: the first", "10.1.1.1", "10.4.4.4, 10.2.2.2", "10.4.4.4"],
  ])("is what is told %s", (...[, peer, forwarded, expected]) => {
    expect(client(peer, forwarded)).toBe(expected);
  });

  test.each([
    ["an address", "1.2.3.4"],
    ["a trusted address", "10.9.9.9"],
    ["many addresses", Array.from({ length: 500 }, () => "10.9.9.9").join(", ")],
    ["this machine", "127.0.0.1"],
    ["nonsense", "unknown, <script>, ,"],
  ])("can't be chosen by the client: it writes %s into the header, and the proxy appends", (_what, written) => {
    expect(client("10.1.1.1", `${written}, ${CLIENT}`)).toBe(CLIENT);
    expect(client("10.1.1.1", [written, CLIENT])).toBe(CLIENT);
    expect(client("192.0.2.7", `${written}, ${CLIENT}, 10.1.1.1`)).toBe(CLIENT);
  });

  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["what is no address", "unknown"],
    ["a name", "client.example"],
    ["a path", "../../etc"],
    ["a number", "3405803785"],
    ["an address that there can't be", "203.0.113.999"],
  ])("is the proxy's where it tells %s", (_what, forwarded) => {
    expect(client("10.1.1.1", forwarded)).toBe("10.1.1.1");
  });

  test("left of what is no address, nobody is believed", () => {
    expect(client("192.0.2.7", "1.2.3.4, unknown, 10.1.1.1")).toBe("10.1.1.1");
  });

  test("is empty once the connection is gone", () => {
    expect(client(undefined, CLIENT)).toBe("");
  });

  test("property: is an address that the peer or a trusted proxy wrote, whatever a client wrote before", () => {
    const ip = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.string(), ip, (written, address) => {
        const found = client("10.1.1.1", `${written},${address}`, ["10.1.1.1"]);
        expect(found).toBe(address === "10.1.1.1" ? found : canonicalAddress(address));
        expect(isIP(found)).not.toBe(0);
      }),
    );
  });
});

describe("lists of trusted proxies", () => {
  test.each([
    "10.0.0.1/33",
    "10.0.0.1/",
    "10.0.0.1/-1",
    "10.0.0.1/8/8",
    "::1/129",
    "fe80::1%eth0",
    "proxy.example",
    "10.0.0",
    "",
    "*",
    "true",
  ])("%j is refused with a sentence", (entry) => {
    expect(() => readTrustedProxies(["10.0.0.1", entry])).toThrow(`${JSON.stringify(entry)} is no address and no network of addresses`);
  });

  test.each(["0.0.0.0/0", "::/0"])("%s is refused: it would let clients choose", (entry) => {
    expect(() => readTrustedProxies([entry])).toThrow(`${entry} is every address there is`);
  });

  test("none is none", () => {
    expect(readTrustedProxies([])).toBeUndefined();
  });
});

test.each([
  ["203.0.113.9", "203.0.113.9"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
])("subscriber of %s", (address, expected) => {
  expect(subscriberOf(canonicalAddress(address) ?? "")).toBe(expected);
});

test("property: addresses of a /64 have one subscriber, those of another network another", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number, low) => {
      const subscriber = (value: bigint): string => {
        const text = value.toString(16).padStart(32, "0").match(/.{4}/g)?.join(":") ?? "";
        return subscriberOf(canonicalAddress(text) ?? "");
      };
      fc.pre(number >> 64n !== 0n);
      expect(subscriber((number & ~(2n ** 64n - 1n)) | low)).toBe(subscriber(number));
      expect(subscriber(number ^ (1n << 64n))).not.toBe(subscriber(number));
    }),
  );
});
