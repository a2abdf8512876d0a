/** A small HTTP client on kept-open connections, which costs the machine under test as little as possible. */
import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

export type HttpAnswer = { readonly status: number; readonly text: string; readonly headers: Readonly<Record<string, unknown>> };

export type HttpCall = {
  /** Default GET, or POST where there is a body. */
  readonly method?: string;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Makes a request. Rejects only when no answer came. */
export async function http(url: string, { method, body, headers = {} }: HttpCall = {}): Promise<HttpAnswer> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        agent,
        method: method ?? (text === undefined ? "GET" : "POST"),
        headers: {
          ...(text === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: response.headers }),
        );
      },
    );
    call.on("error", reject);
    call.end(text);
  });
}

/** An answer's body as JSON. Throws, with the text, when it is none. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    throw new Error(`Expected JSON, received status ${answer.status}: ${answer.text.slice(0, 500)}`);
  }
}
