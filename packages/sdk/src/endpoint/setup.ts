/** What all requests of one endpoint have in common. */
import type { AnyPawl } from "../client/client.ts";
import type { Connection } from "../client/connection.ts";
import type { EndpointHandler, EndpointOptions } from "./options.ts";

export class EndpointSetup {
  readonly client: AnyPawl;
  readonly handler: EndpointHandler;
  readonly options: EndpointOptions;
  readonly framework: string;
  #known: { readonly connection: Connection; readonly variables: number } | undefined;

  constructor(client: AnyPawl, handler: EndpointHandler, given: { readonly options: EndpointOptions; readonly framework: string }) {
    this.client = client;
    this.handler = handler;
    this.options = given.options;
    this.framework = given.framework;
  }

  /** Read once; anew when the platform has handed out other variables. */
  get connection(): Connection {
    const variables = this.client.variablesVersion;
    if (this.#known?.variables !== variables) this.#known = { connection: this.client.connect(), variables };
    return this.#known.connection;
  }

  /** Where the server reaches the endpoint; undefined: where its caller did. */
  get origin(): string | undefined {
    return this.options.origin ?? this.client.environment.get("SERVE_ORIGIN") ?? this.client.environment.get("SERVE_HOST");
  }
}
