/**
 * The server's address in a browser. Bundlers replace `process.env.<name>` where it is written out in full, so it is, name by name.
 *
 * Source: wire-protocol 1.3.
 */
import { LOCAL_ORIGIN } from "../client/mode.ts";

type PublicVariables = Readonly<
  Partial<
    Record<
      | "NEXT_PUBLIC_PAWL_BASE_URL"
      | "NEXT_PUBLIC_INNGEST_BASE_URL"
      | "REACT_APP_PAWL_BASE_URL"
      | "REACT_APP_INNGEST_BASE_URL"
      | "NEXT_PUBLIC_PAWL_DEV"
      | "NEXT_PUBLIC_INNGEST_DEV"
      | "REACT_APP_PAWL_DEV"
      | "REACT_APP_INNGEST_DEV",
      string
    >
  >
>;

/** The first that is set; a `…_DEV` counts where it is an address. Default: this machine. */
export function publicApiUrl(): string {
  const urls = [
    read(() => (process.env as PublicVariables).NEXT_PUBLIC_PAWL_BASE_URL),
    read(() => (process.env as PublicVariables).NEXT_PUBLIC_INNGEST_BASE_URL),
    read(() => (process.env as PublicVariables).REACT_APP_PAWL_BASE_URL),
    read(() => (process.env as PublicVariables).REACT_APP_INNGEST_BASE_URL),
    read(() => (process.env as PublicVariables).NEXT_PUBLIC_PAWL_DEV),
    read(() => (process.env as PublicVariables).NEXT_PUBLIC_INNGEST_DEV),
    read(() => (process.env as PublicVariables).REACT_APP_PAWL_DEV),
    read(() => (process.env as PublicVariables).REACT_APP_INNGEST_DEV),
  ];
  return urls.find((url) => url !== undefined && /^https?:\/\//.test(url)) ?? LOCAL_ORIGIN;
}

/** In a browser there may be no `process`. */
function read(variable: () => string | undefined): string | undefined {
  try {
    return variable();
  } catch {
    return undefined;
  }
}
