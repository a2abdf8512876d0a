import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  type AddressPolicy,
  connectorOf,
  isMetadataAddress,
  isPrivateAddress,
  NO_METADATA,
  PUBLIC_FOR_APPS,
  PUBLIC_FOR_STEPS,
  refusesHost,
} from "./address-policy.ts";

test("private is what no public network has", () => {
  for (const address of [
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::",
    "fec0::1",
    "2001::1",
    "fe80::1%eth0",
  ])
    expect([address, isPrivateAddress(address)]).toEqual([address, true]);
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:4860::8888"])
    expect([address, isPrivateAddress(address)]).toEqual([address, false]);
  expect(refusesHost(PUBLIC_FOR_STEPS, "[::1]")).toBe(true);
  expect(refusesHost(PUBLIC_FOR_STEPS, "example.com")).toBe(false);
});

test("metadata is where clouds have their secrets, and the link; private networks are not", () => {
  for (const address of [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
  ])
    expect([address, isMetadataAddress(address)]).toEqual([address, true]);
  for (const address of ["10.1.2.3", "127.0.0.1", "::1", "fd00::1", "8.8.8.8", "64:ff9b::10.0.0.1"])
    expect([address, isMetadataAddress(address)]).toEqual([address, false]);
});

test.each<[string, AddressPolicy | undefined, string, boolean]>([
  ["an address", NO_METADATA, "127.0.0.1", true],
  ["a name", NO_METADATA, "localhost", true],
  ["an address of this machine", PUBLIC_FOR_APPS, "127.0.0.1", false],
  ["a name of this machine", PUBLIC_FOR_APPS, "localhost", false],
  ["an address in brackets", PUBLIC_FOR_APPS, "[::ffff:127.0.0.1]", false],
  ["the metadata service", NO_METADATA, "169.254.169.254", false],
  ["an address without a policy", undefined, "127.0.0.1", true],
])("a connection to %s", async (...[, policy, hostname, isMade]) => {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const port = String((server.address() as AddressInfo).port);
  const error = await new Promise<Error | null>((resolve) => {
    connectorOf(policy, 5_000)({ hostname, host: `${hostname}:${port}`, protocol: "http:", port }, (failed, socket) => {
      socket?.destroy();
      resolve(failed);
    });
  });
  expect([error === null, error?.name]).toEqual([isMade, isMade ? undefined : "RefusedAddressError"]);
});
