/**
 * The requests around a connection: where to connect, and answers that no connection could deliver.
 *
 * I1  Where the signing key is refused, the fallback key is tried, and kept for what follows.
 *
 * Source: wire-protocol 9.1, 9.6, 9.9.
 */
import {
  CONNECT_PATH,
  HEADER,
  replyAck,
  startRequest,
  startResponse,
  workerReply,
  type StartResponse,
  type WorkerReply,
} from "@pawl/protocol";
import { hashedSigningKey } from "../client/api.ts";
import type { Connection } from "../client/connection.ts";
import { decodeMessage, encodeMessage } from "./protobuf.ts";

/** No answer takes longer, milliseconds. */
const ANSWER_MS_MAX = 10_000;

/** The server won't have this worker, and asking again won't help. */
export class ConnectRefusedError extends Error {
  override readonly name = "ConnectRefusedError";
}

export class GatewayApi {
  private readonly connection: Connection;
  private readonly fetch: typeof globalThis.fetch;
  private readonly keys: readonly (string | undefined)[];
  private keyIndex = 0;

  constructor(connection: Connection, fetch: typeof globalThis.fetch) {
    this.connection = connection;
    this.fetch = fetch;
    const { signingKey, signingKeyFallback } = connection;
    this.keys = signingKeyFallback === undefined ? [signingKey] : [signingKey, signingKeyFallback];
  }

  /** Asks for a connection. Rejects with `ConnectRefusedError` where no key is accepted, with another error where it may work later. */
  async start(excludeGateways: readonly string[]): Promise<StartResponse> {
    const response = await this.post("start", encodeMessage(startRequest, { excludeGateways }));
    if (response.status === 401 || response.status === 403)
      throw new ConnectRefusedError(
        `The server refused the signing key (HTTP ${response.status}). Is it the server's? It is read from the option \`signingKey\`, or PAWL_SIGNING_KEY.`,
      );
    if (response.status !== 200)
      throw new Error(`The server has no connection for this worker now (HTTP ${response.status}: ${await textOf(response)}).`);
    return decodeMessage(startResponse, new Uint8Array(await response.arrayBuffer()));
  }

  /** Delivers an answer. Rejects when the server did not take it. */
  async flush(reply: WorkerReply): Promise<void> {
    const response = await this.post("flush", encodeMessage(workerReply, reply));
    if (response.status !== 200) throw new Error(`The answer was not taken (HTTP ${response.status}: ${await textOf(response)}).`);
    const { requestId } = decodeMessage(replyAck, new Uint8Array(await response.arrayBuffer()));
    if (requestId !== reply.requestId) throw new Error(`The server confirmed another answer than the one it got: ${requestId}.`);
  }

  private async post(what: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const response = await this.fetch(`${this.connection.apiBaseUrl}${CONNECT_PATH.slice(1)}/${what}`, {
        method: "POST",
        headers: await this.headers(),
        body,
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      if ((response.status !== 401 && response.status !== 403) || tries >= this.keys.length) return response;
      this.keyIndex = (this.keyIndex + 1) % this.keys.length;
    }
  }

  private async headers(): Promise<Record<string, string>> {
    const key = this.keys[this.keyIndex];
    return {
      ...this.connection.headers,
      [HEADER.contentType]: "application/protobuf",
      ...(key === undefined ? {} : { [HEADER.authorization]: `Bearer ${await hashedSigningKey(key)}` }),
    };
  }
}

async function textOf(response: Response): Promise<string> {
  return (await response.text()).slice(0, 500);
}
