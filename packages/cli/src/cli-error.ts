/** A mistake in how the command was called: what is wrong, and one next step. Exit code 2. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
