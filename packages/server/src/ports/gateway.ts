/** Makes HTTP requests for steps, to servers that are not apps. */
import type { GatewayOutcome, GatewayRequest } from "@pawl/engine";

export interface Gateway {
  /** Resolves with whatever came back, also when nothing did. Rejects only for bugs. */
  request(request: GatewayRequest, signal: AbortSignal): Promise<GatewayOutcome>;
  close(): Promise<void>;
}
