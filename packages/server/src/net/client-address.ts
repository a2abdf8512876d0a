/**
 * Who sent a request: the peer of the connection, or whom a proxy names that the operator trusts.
 *
 * I1  `X-Forwarded-For` counts where the peer is trusted, from its right end on, for as long as who wrote an entry is trusted: proxies append
 *     whom they were called by. What a client wrote into the header itself stands left of that and is not read.
 * I2  The result is an address as `canonicalAddress` writes it, whatever the header says; empty where the connection has no peer any more.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** Proxies that say whom they were called by. */
export type TrustedProxies = Pick<BlockList, "check">;

/** Whoever connects, in the form of a request that Node has read. */
type Connected = Pick<IncomingMessage, "headers"> & { readonly socket: { readonly remoteAddress?: string | undefined } };

/** The client of a request (I1, I2). */
export function clientAddressOf({ headers, socket }: Connected, proxies: TrustedProxies | undefined): string {
  let client = canonicalAddress(socket.remoteAddress ?? "") ?? "";
  if (proxies === undefined) return client;
  const named = headers["x-forwarded-for"] ?? [];
  for (const entry of (Array.isArray(named) ? named.join(",") : named).split(",").toReversed()) {
    if (!isTrusted(proxies, client)) return client;
    const address = canonicalAddress(withoutPort(entry.trim()));
    // A proxy that does not know, or will not say: nobody left of that is known either.
    if (address === undefined) return client;
    client = address;
  }
  return client;
}

/**
 * Reads addresses and networks such as `10.0.0.0/8`. Undefined for none. Throws an `InvalidProxiesError` for what is no such list, and for
 * networks that hold every address: every client could say to be another.
 */
export function readTrustedProxies(list: readonly string[]): TrustedProxies | undefined {
  if (list.length === 0) return undefined;
  const proxies = new BlockList();
  for (const entry of list) {
    const [address = "", prefix, ...rest] = entry.split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === 0 || address.includes("%") || rest.length > 0 || !(bits <= most))
      throw new InvalidProxiesError(`${JSON.stringify(entry)} is no address and no network of addresses such as 10.0.0.0/8.`);
    if (bits === 0) throw new InvalidProxiesError(`${entry} is every address there is, so every client could say that it is another.`);
    proxies.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  }
  return proxies;
}

/** The message says which entry is wrong. */
export class InvalidProxiesError extends Error {
  override readonly name = "InvalidProxiesError";
}

/** An address in the one way in which it is written here: IPv4 with dots, also where it is within IPv6; of IPv6 without a zone. */
export function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? text : undefined;
  const address = new URL(`http://[${text.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join(".");
}

const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/** The network of an address that one subscriber usually has: of IPv6 the first 64 bits, of IPv4 the address. `address`: canonical. */
export function subscriberOf(address: string): string {
  if (!address.includes(":")) return address;
  const [left = "", right] = address.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}

function isTrusted(proxies: TrustedProxies, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Some proxies append the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(entry) ?? [];
  return bracketed ?? dotted ?? entry;
}
