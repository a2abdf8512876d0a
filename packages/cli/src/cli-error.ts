/** What goes wrong in a command, and how it is told. Spec: dashboard-and-cli 5.4, 5.10. */

/** A mistake in how the command was called: what is wrong, and one next step. Exit code 2. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** What is written for an error: two lines, or one JSON object where `--json` is among the arguments. */
export function errorText(error: unknown, args: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const { code, hint } =
    error instanceof CliError
      ? { code: "usage", hint: error.hint }
      : { code: "unexpected", hint: "This is a fault of Pawl or of the machine; --verbose shows where it happened." };
  if (args.includes("--json")) return `${JSON.stringify({ error: { code, message, hint } })}\n`;
  const stack = code === "unexpected" && args.includes("--verbose") && error instanceof Error ? `${error.stack ?? ""}\n` : "";
  return `${message}\n${hint}\n${stack}`;
}
