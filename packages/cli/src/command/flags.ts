/**
 * The flags of `dev`, `start` and `backup`: one table for parsing, environment, configuration file and help.
 *
 * Spec: semantics 11.10, 11.11; dashboard-and-cli 5.3.
 */

export type Command = "dev" | "start" | "backup";

export type FlagValue = string | number | boolean | readonly string[];

export type Flag = {
  readonly name: string;
  readonly short?: string;
  readonly type: "text" | "texts" | "integer" | "switch";
  readonly commands: readonly Command[];
  /** One line, for `--help`. */
  readonly help: string;
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  /** Least value of an integer. */
  readonly min?: number;
  /** Never printed, in no message. */
  readonly isSecret?: boolean;
  /** Left out of the help. */
  readonly isHidden?: boolean;
  /** Why it is accepted and does nothing. */
  readonly ignoredBecause?: string;
};

const BOTH: readonly Command[] = ["dev", "start"];
const ALL: readonly Command[] = ["dev", "start", "backup"];

/** The flags of the help, in its order. */
const FLAGS: readonly Flag[] = [
  { name: "base-url", type: "text", commands: ["backup"], placeholder: "URL", help: "where the server is (http://localhost:8288)" },
  { name: "sdk-url", short: "u", type: "texts", commands: BOTH, placeholder: "URL", help: "URL of an app to register; can be repeated" },
  {
    name: "port",
    short: "p",
    type: "integer",
    min: 0,
    commands: BOTH,
    placeholder: "N",
    help: "port to listen on (8288; dev takes the next free one)",
  },
  {
    name: "connect-gateway-port",
    type: "integer",
    min: 0,
    commands: BOTH,
    placeholder: "N",
    help: "another port, for connected workers alone (they use --port)",
  },
  { name: "host", type: "text", commands: BOTH, placeholder: "ADDRESS", help: "address to listen on (dev: 127.0.0.1, start: 0.0.0.0)" },
  { name: "persist", type: "switch", commands: ["dev"], help: "keep data, in .pawl/dev.db; else it goes when the server ends" },
  { name: "db", type: "text", commands: ["dev"], placeholder: "PATH", help: "keep data, in this SQLite file" },
  { name: "fresh", type: "switch", commands: ["dev"], help: "delete the data that was kept, first" },
  { name: "no-discovery", type: "switch", commands: ["dev"], help: "don't look for apps on the usual local ports" },
  { name: "no-poll", type: "switch", commands: ["dev"], help: "ask only apps in error to register again" },
  {
    name: "poll-interval",
    type: "integer",
    min: 0,
    commands: BOTH,
    placeholder: "SECONDS",
    help: "how often apps are asked to register (dev: 5, start: 0, never)",
  },
  {
    name: "signing-key",
    type: "text",
    commands: ["start"],
    placeholder: "KEY",
    isSecret: true,
    help: "hexadecimal key that signs calls and protects the API; required",
  },
  {
    name: "signing-key-fallback",
    type: "text",
    commands: ["start"],
    placeholder: "KEY",
    isSecret: true,
    help: "another signing key that is accepted, while keys are rotated",
  },
  { name: "signing-key", type: "text", commands: ["backup"], placeholder: "KEY", isSecret: true, help: "the server's signing key" },
  {
    name: "event-key",
    type: "texts",
    commands: ["start"],
    placeholder: "KEY",
    isSecret: true,
    help: "key that senders of events use; at least one; can be repeated",
  },
  { name: "sqlite-dir", type: "text", commands: ["start"], placeholder: "DIR", help: "folder of the SQLite file (.pawl)" },
  { name: "postgres-uri", type: "text", commands: ["start"], placeholder: "URI", isSecret: true, help: "not available yet" },
  { name: "no-ui", type: "switch", commands: ["start"], help: "don't serve the dashboard" },
  { name: "queue-workers", type: "integer", min: 1, commands: BOTH, placeholder: "N", help: "calls to apps at the same time (100)" },
  {
    name: "retry-interval",
    type: "integer",
    min: 0,
    commands: BOTH,
    placeholder: "SECONDS",
    help: "constant delay of retries (0: growing delays, from 15 s to 2 h)",
  },
  {
    name: "allow-private-addresses",
    type: "switch",
    commands: ["start"],
    help: "let step.fetch and step.ai reach this machine and private networks",
  },
  {
    name: "public-apps-only",
    type: "switch",
    commands: ["start"],
    help: "call apps at public addresses only: whoever registers one is not trusted",
  },
  {
    name: "rate-limit",
    type: "integer",
    min: 0,
    commands: ["start"],
    placeholder: "N",
    help: "requests that one client may send in a second (0: any number)",
  },
  {
    name: "trusted-proxies",
    type: "texts",
    commands: ["start"],
    placeholder: "LIST",
    help: "addresses and networks (10.0.0.0/8) of proxies whose X-Forwarded-For is believed (none)",
  },
  {
    name: "otlp-endpoint",
    type: "text",
    commands: BOTH,
    placeholder: "URL",
    help: "collector that gets traces, such as http://localhost:4318 (OTEL_* variables work, too)",
  },
  {
    name: "retention",
    type: "text",
    commands: BOTH,
    placeholder: "DURATION",
    help: "how long ended runs and events are kept, such as 7d or 12h; off: for ever (30d)",
  },
  {
    name: "drain-timeout",
    type: "integer",
    min: 0,
    commands: BOTH,
    placeholder: "SECONDS",
    help: "how long a shutdown waits for calls in progress (10)",
  },
  { name: "log-level", short: "l", type: "text", commands: BOTH, placeholder: "LEVEL", help: "debug, info, warn or error (info)" },
  { name: "verbose", type: "switch", commands: BOTH, help: "the same as --log-level debug" },
  { name: "json", type: "switch", commands: BOTH, help: "logs as JSON, as when the output is no terminal" },
  { name: "json", type: "switch", commands: ["backup"], help: "what was done, as JSON" },
  {
    name: "config",
    type: "text",
    commands: ALL,
    placeholder: "FILE",
    help: "configuration file (pawl.json, pawl.yaml, inngest.json …, looked up from here)",
  },
];

const ONE_DATABASE = "queue, state and history are in one SQLite database";
const NO_POLLING = "nothing polls";
const ONE_PROCESS = "gateway and executor are one process";
const NO_DEBUG_API = "there is no debugging API";

/** What scripts for other servers of the protocol pass. They work unchanged; one line says what has no effect. */
const COMPATIBILITY_FLAGS: readonly Flag[] = [
  { name: "sqlite-dir", type: "text", commands: ["dev"], isHidden: true, help: "" },
  { name: "postgres-uri", type: "text", commands: ["dev"], isHidden: true, isSecret: true, help: "" },
  { ...ignored("redis-uri", ONE_DATABASE), type: "text", isSecret: true },
  ignored("postgres-max-idle-conns", ONE_DATABASE),
  ignored("postgres-max-open-conns", ONE_DATABASE),
  ignored("postgres-conn-max-idle-time", ONE_DATABASE),
  ignored("postgres-conn-max-lifetime", ONE_DATABASE),
  ignored("tick", NO_POLLING),
  ignored("connect-gateway-grpc-port", ONE_PROCESS),
  ignored("connect-executor-grpc-port", ONE_PROCESS),
  { ...ignored("connect-gateway-grpc-ip", ONE_PROCESS), type: "text" },
  { ...ignored("connect-executor-grpc-ip", ONE_PROCESS), type: "text" },
  ignored("debug-api-port", NO_DEBUG_API),
];

/** A whole number that is read and does nothing. */
function ignored(name: string, ignoredBecause: string): Flag {
  return { name, type: "integer", commands: BOTH, isHidden: true, ignoredBecause, help: "" };
}

/** Flags of a command, those for compatibility included. */
export function flagsOf(command: Command): readonly Flag[] {
  return [...FLAGS, ...COMPATIBILITY_FLAGS].filter(({ commands }) => commands.includes(command));
}

/** Whether any command has a flag of this name: one configuration file serves all. */
export function isFlagName(name: string): boolean {
  return [...FLAGS, ...COMPATIBILITY_FLAGS].some((flag) => flag.name === name);
}
