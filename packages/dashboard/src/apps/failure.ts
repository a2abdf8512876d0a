/**
 * Why a sync failed, in words: what was seen, and what to do about it.
 *
 * F1  What the server says is never lost: a code without words here, and every sentence, is shown as it is.
 *
 * Spec: dashboard 1.1 (APP-07); wire 4.2.
 */

/** `code`: that of the wire protocol; absent where the server said a sentence. `remedy`: absent where the sentence says enough. */
export type SyncFailure = { readonly what: string; readonly remedy?: string; readonly code?: string };

type Words = { readonly what: string; readonly remedy: string };

const CAUSES: { readonly [code: string]: Words } = {
  unreachable: {
    what: "Nothing answers at this URL.",
    remedy: "Check that the app is running, and that this server reaches its host and port.",
  },
  unauthorized: {
    what: "The app’s host refused the request with 401.",
    remedy: "Let the app’s path through without a login: it checks the signature of each request by itself.",
  },
  forbidden: {
    what: "The app’s host refused the request with 403.",
    remedy: "Let this server through the firewall, CSRF check or deployment protection in front of the app.",
  },
  url_not_found: {
    what: "The host answers, but serves no functions at this path (404).",
    remedy: "Change the URL to the path at which the app serves them, often /api/pawl or /api/inngest.",
  },
  invalid_signing_key: {
    what: "The app was refused with its signing key.",
    remedy: "Give the app and this server the same signing key (PAWL_SIGNING_KEY), and start the app again.",
  },
  missing_signing_key: {
    what: "The app has no signing key.",
    remedy: "Start it with this server’s key in PAWL_SIGNING_KEY, or with PAWL_DEV=1 if this is a server for development.",
  },
  missing_server_signing_key: {
    what: "The app asks for signed requests, and this server has no signing key.",
    remedy: "Start this server with the app’s key (--signing-key), or the app with PAWL_DEV=1 for development.",
  },
  response_signature_invalid: {
    what: "The app’s answer is signed with another key than this server’s.",
    remedy: "Give both the same PAWL_SIGNING_KEY, and check that no proxy between them rewrites the answer.",
  },
  no_functions: {
    what: "The app answers, but has no functions.",
    remedy: "Add them to the list that it gives to serve().",
  },
  invalid_function: {
    what: "The app says that one of its functions is invalid.",
    remedy: "Its log names the function and what is wrong with it.",
  },
  missing_branch_env_name: {
    what: "The app does not know the name of its branch environment.",
    remedy: "Set INNGEST_ENV where it runs.",
  },
  internal_server_error: {
    what: "The app failed while it answered (500).",
    remedy: "Its log has the error.",
  },
  sdk_version_denied: {
    what: "The app’s version of the SDK has a known security problem.",
    remedy: "Upgrade the app’s SDK to 3.54.0 or later.",
  },
  unsupported_protocol: {
    what: "The URL is not one of http or https.",
    remedy: "Change it to one that begins with http:// or https://.",
  },
  address_refused: {
    what: "The URL leads to an address that this server may not call.",
    remedy:
      "Give the app a public address; if the server was started with --public-apps-only and should call private ones, start it without.",
  },
  status_405: {
    what: "The path is there, but takes no PUT requests (405).",
    remedy: "Have the app’s route pass on GET, POST and PUT.",
  },
  status_429: {
    what: "The app’s host takes no more requests for now (429).",
    remedy: "Exempt this server from its rate limit, and sync again.",
  },
};

/** Of the statuses without words of their own. */
const CLASSES: { readonly [digit: string]: (status: string) => Words } = {
  "3": (status) => ({
    what: `The URL redirects to another one (${status}).`,
    remedy: "Change the URL to the one it leads to: often https, or with or without a slash at its end.",
  }),
  "4": (status) => ({
    what: `The app’s host refused the request with ${status}.`,
    remedy: "Check that the URL is the app’s own, and what stands in front of it.",
  }),
  "5": (status) => ({
    what: `The host answered ${status}: often a proxy that does not reach the app behind it.`,
    remedy: "Check that the app is running, and the proxy’s log.",
  }),
};

/** The words for what the server keeps of a failed sync: a code, or a sentence. */
export function syncFailure(error: string): SyncFailure {
  const words = wordsOf(error);
  return words === undefined ? { what: error } : { ...words, code: error };
}

/** What to do about a refusal to sync, of which the server says a sentence that ends in the code. Undefined where it says enough. */
export function remedyOf(sentence: string): string | undefined {
  return wordsOf(/: (\w+)$/.exec(sentence)?.[1] ?? "")?.remedy;
}

function wordsOf(code: string): Words | undefined {
  if (Object.hasOwn(CAUSES, code)) return CAUSES[code];
  const status = /^status_(\d{3})$/.exec(code)?.[1];
  return status === undefined ? undefined : CLASSES[status.charAt(0)]?.(status);
}
