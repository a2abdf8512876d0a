/** What the routes share. */
import type { ServerKind } from "@pawl/protocol";
import type { AppSync } from "../app/app-sync.ts";
import type { Workers } from "../connect/workers.ts";
import type { Engine } from "../core/engine.ts";
import type { TrustedProxies } from "../net/client-address.ts";
import type { Logger } from "../ports/logger.ts";
import type { HttpLimits } from "./limits.ts";

export type ServerContext = {
  readonly engine: Engine;
  readonly sync: AppSync;
  readonly logger: Logger;
  /** `dev`: open, on loopback. `cloud`: keys are needed. */
  readonly kind: ServerKind;
  readonly version: string;
  readonly startedAt: number;
  /** Accepted event keys; none: any key is accepted. */
  readonly eventKeys: readonly string[];
  readonly signingKey?: string;
  /** Accepted, too, while keys are rotated; signs nothing. */
  readonly signingKeyFallback?: string;
  /** The workers that are connected, and those that were; absent where none can. */
  readonly workers?: Pick<Workers, "all" | "left">;
  /** Folder of the built dashboard; absent: no dashboard. */
  readonly dashboardDir?: string;
  /** Limits that differ from the usual (limits.ts). */
  readonly limits?: Partial<HttpLimits>;
  /** Proxies that say whom a request comes from; absent: none is believed. */
  readonly trustedProxies?: TrustedProxies;
  /** Switches by name, which `GET /dev` tells, for clients that ask for them. None changes this server. */
  readonly features?: Readonly<Record<string, boolean>>;
  /** What `GET /dev` tells of the start options. */
  readonly startOptions: Readonly<Record<string, unknown>>;
};
