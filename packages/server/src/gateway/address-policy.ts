/**
 * Which addresses steps may reach: not those of this machine, of its networks and of its cloud's metadata service, unless that is allowed.
 *
 * I1  What is checked is what is connected to: a name is looked up once, for the connection, and every address that it has must be public.
 *
 * Source: IANA special-purpose address registries (IPv4, IPv6).
 */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

const V6: readonly (readonly [string, number])[] = [
  // Also the old form in which IPv4 addresses were written as IPv6.
  ["::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  // Teredo and others that hold an IPv4 address or are for protocols.
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];

/** How networks without IPv4 write IPv4 addresses (NAT64); what counts is the address within. */
const NAT64 = /^64:ff9b::(?:([\da-f]{1,4}):)?([\da-f]{1,4})?$/;

const PRIVATE = new BlockList();
for (const [network, prefix] of V4) PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of V6) PRIVATE.addSubnet(network, prefix, "ipv6");

/** Whether an address belongs to no public network. IPv4 within IPv6 is looked at as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  if (family === 4) return PRIVATE.check(address, "ipv4");
  const within = NAT64.exec(new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1));
  return within === null ? PRIVATE.check(address, "ipv6") : isPrivateAddress(dotted(within[1], within[2]));
}

/** The IPv4 address of two hexadecimal groups. */
function dotted(high = "0", low = "0"): string {
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join(".");
}

/** A host that is an address in itself is not looked up: it is checked here. */
export function isPrivateHost(host: string): boolean {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return isIP(bare) !== 0 && isPrivateAddress(bare);
}

export class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";
}

/** What to say of a host that may not be reached. */
export function refusalOf(host: string): string {
  return `${host} is an address of this machine or of a private network, which steps may not reach; start the server with --allow-private-addresses to allow it`;
}

/** Looks a name up for a connection, and refuses it where one of its addresses is private (I1). */
export const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "");
    const refused = addresses.find(({ address }) => isPrivateAddress(address));
    if (refused !== undefined) return callback(new PrivateAddressError(refusalOf(host)), "");
    const [first] = addresses;
    if (options.all === true) return callback(null, addresses);
    return callback(null, first?.address ?? "", first?.family);
  });
};
