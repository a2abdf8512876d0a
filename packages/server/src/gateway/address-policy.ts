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
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

const V6: readonly (readonly [string, number])[] = [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
];

const PRIVATE = new BlockList();
for (const [network, prefix] of V4) PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of V6) PRIVATE.addSubnet(network, prefix, "ipv6");

/** Whether an address belongs to no public network. IPv4 within IPv6 is looked at as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
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
