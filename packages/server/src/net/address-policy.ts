/**
 * Which addresses the server connects to. Steps may not reach those of this machine, of its networks and of its cloud's metadata service,
 * unless that is allowed. Apps may be on private networks, but not where the metadata service is.
 *
 * I1  What is checked is what is connected to: a name is looked up once, for the connection, and every address that it has must be public.
 *
 * Sources: IANA special-purpose address registries (IPv4, IPv6); the clouds' own documentation of their metadata services.
 */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";

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

const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
for (const address of ["100.100.100.200", "168.63.129.16", "192.0.0.192"]) METADATA.addAddress(address, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addAddress("fd00:ec2::254", "ipv6");

const PRIVATE = new BlockList();
for (const [network, prefix] of V4) PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of V6) PRIVATE.addSubnet(network, prefix, "ipv6");

/** Whether an address belongs to no public network. What is no address is not public. */
export function isPrivateAddress(address: string): boolean {
  return isIP(address) === 0 || isIn(PRIVATE, address);
}

/**
 * Whether an address is one where clouds tell their machines secrets, or another that only neighbours on the link have. No app is there,
 * and whoever may name an app's URL must not read them.
 */
export function isMetadataAddress(address: string): boolean {
  return isIn(METADATA, address);
}

/** IPv4 within IPv6 is looked at as IPv4. */
function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  if (family !== 6) return family === 4 && list.check(address, "ipv4");
  const within = NAT64.exec(new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1));
  return within === null ? list.check(address, "ipv6") : isIn(list, dotted(within[1], within[2]));
}

/** The IPv4 address of two hexadecimal groups. */
function dotted(high = "0", low = "0"): string {
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join(".");
}

/** Who may not be reached. `refusal`: what to say of a host that has such an address. */
export type AddressPolicy = { readonly refuses: (address: string) => boolean; readonly refusal: (host: string) => string };

/** For requests of steps. */
export const PUBLIC_FOR_STEPS: AddressPolicy = {
  refuses: isPrivateAddress,
  refusal: (host) =>
    `${host} is an address of this machine or of a private network, which steps may not reach; start the server with --allow-private-addresses to allow it`,
};

/** For calls of apps. */
export const PUBLIC_FOR_APPS: AddressPolicy = {
  refuses: isPrivateAddress,
  refusal: (host) => `${host} is an address of this machine or of a private network, and the server was started with --public-apps-only`,
};

/** For calls of apps, which usually are on networks of their own. */
export const NO_METADATA: AddressPolicy = {
  refuses: isMetadataAddress,
  refusal: (host) => `${host} is an address of a cloud's metadata service or of the link, where no app can be`,
};

/** A host that is an address in itself is not looked up: it is checked here. */
export function refusesHost({ refuses }: AddressPolicy, host: string): boolean {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return isIP(bare) !== 0 && refuses(bare);
}

export class RefusedAddressError extends Error {
  override readonly name = "RefusedAddressError";
}

/** Looks a name up for a connection, and refuses it where one of its addresses is refused (I1). */
export function lookupOf({ refuses, refusal }: AddressPolicy): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      if (addresses.some(({ address }) => refuses(address))) return callback(new RefusedAddressError(refusal(host)), "");
      const [first] = addresses;
      if (options.all === true) return callback(null, addresses);
      return callback(null, first?.address ?? "", first?.family);
    });
  };
}

/** Connects by a policy, whether a host is named or is an address. */
export function connectorOf(policy: AddressPolicy | undefined, timeout: number): buildConnector.connector {
  if (policy === undefined) return buildConnector({ timeout });
  const connect = buildConnector({ timeout, lookup: lookupOf(policy) });
  return (options, callback) => {
    if (refusesHost(policy, options.hostname)) return callback(new RefusedAddressError(policy.refusal(options.hostname)), null);
    return connect(options, callback);
  };
}
