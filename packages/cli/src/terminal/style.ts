/** Colours of the terminal; none where the output is no terminal, or colours are unwanted. Spec: dashboard-and-cli 5.4, 6.8. */

export type Style = {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
};

/** Whether colours are shown. */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return false;
  return (env["FORCE_COLOR"] ?? "") !== "" || isTerminal;
}

/** A style with or without colours. */
export function styleOf(hasColor: boolean): Style {
  const code = (open: number, close: number) => (text: string) => (hasColor ? `\u{1b}[${open}m${text}\u{1b}[${close}m` : text);
  return { dim: code(2, 22), bold: code(1, 22), green: code(32, 39), red: code(31, 39), yellow: code(33, 39), blue: code(34, 39) };
}
