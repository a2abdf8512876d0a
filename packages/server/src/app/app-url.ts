/**
 * URLs of apps, in one form.
 *
 * Spec: wire 4.8. Departure: hosts are left as they are. Rewriting 127.0.0.1 to localhost, as the reference does, breaks apps that listen
 * on IPv4 only (semantics 14, complaint 22).
 */

/** The URL without `deployId` and `probe`, query sorted, default port dropped. Undefined where it is no http or https URL. */
export function normalizeAppUrl(text: string): string | undefined {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  if (!["http:", "https:", "ws:", "wss:"].includes(url.protocol)) return undefined;
  url.searchParams.delete("deployId");
  url.searchParams.delete("probe");
  url.searchParams.sort();
  return url.href;
}

/** Whether two URLs mean the same app: loopback has several names. */
export function isSameUrl(a: string, b: string): boolean {
  return loopbackNamed(a) === loopbackNamed(b);
}

function loopbackNamed(text: string): string {
  const url = new URL(text);
  if (["127.0.0.1", "0.0.0.0", "[::1]"].includes(url.hostname)) url.hostname = "localhost";
  return url.href;
}
