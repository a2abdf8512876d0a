/**
 * Colours of the terminal; none where the output is no terminal, or colours are unwanted.
 *
 * Completed is cyan, so that no meaning lies between red and green. Spec: dashboard-and-cli 5.4, 6.8.
 */

export type Style = {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly magenta: (text: string) => string;
};

/** Whether colours are shown. */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return false;
  const forced = env["FORCE_COLOR"] ?? "";
  return forced === "" ? isTerminal : forced !== "0" && forced !== "false";
}

/** A style with or without colours. */
export function styleOf(hasColor: boolean): Style {
  const code = (open: number, close: number) => (text: string) => (hasColor ? `\u{1b}[${open}m${text}\u{1b}[${close}m` : text);
  return {
    dim: code(2, 22),
    bold: code(1, 22),
    cyan: code(36, 39),
    red: code(31, 39),
    yellow: code(33, 39),
    blue: code(34, 39),
    magenta: code(35, 39),
  };
}
