/** Errors that a caller may see; all others are masked. */

export class GqlRefusal extends Error {
  /** Stable word for programs, sent as `extensions.code`. */
  readonly extensions: { readonly code: string };

  constructor(message: string, code: string) {
    super(message);
    this.name = "GqlRefusal";
    this.extensions = { code };
  }
}

/** What is not there. */
export function gqlNotFound(what: string, id: string): GqlRefusal {
  return new GqlRefusal(`There is no ${what} ${id}.`, "not_found");
}

/** An argument that can't be used. */
export function gqlInvalid(message: string): GqlRefusal {
  return new GqlRefusal(message, "invalid_request");
}
