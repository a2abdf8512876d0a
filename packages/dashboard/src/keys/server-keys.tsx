/** Keys that the server was started with, as far as they may be told, and what the absence of any means. */
import type { ReactNode } from "react";
import type { UiAccess } from "@pawl/protocol";
import { signOut } from "../api/client.ts";
import { setSignedOut } from "../api/session.ts";
import { Fact } from "../controls/fact.tsx";
import { serverKeys } from "./model.ts";

/** What keys do on a server that asks for none. */
export function OpenServer(): ReactNode {
  return (
    <section className="explainer" data-tone="queued" aria-labelledby="open-title">
      <h2 id="open-title">This server asks for no keys</h2>
      <p>
        It is for development and has no signing key: whoever reaches it may do everything, and any text is taken for an event key. A key
        that is made here opens nothing more, but a program that sends one is not refused, so what runs here runs in production too.
      </p>
      <p className="quiet">
        <code>pawl start</code> asks for keys. Its keys are its own: those made here stay with this server’s data.
      </p>
    </section>
  );
}

/** The signing and event keys by their ends, how they are replaced, and the way out. */
export function ServerKeys({ access }: { readonly access: UiAccess }): ReactNode {
  // Whatever the answer: the form asks again.
  const leave = (): void => void signOut().finally(() => setSignedOut(true));
  return (
    <section className="server-keys" aria-labelledby="server-keys-title">
      <h2 id="server-keys-title">Keys that the server was started with</h2>
      <dl className="facts">
        {serverKeys(access).map(({ label, keys }) => (
          <Fact key={label} label={label}>
            {keys.map((key) => (
              <code key={key}>{key}</code>
            ))}
          </Fact>
        ))}
      </dl>
      <p>
        Apps and people use the signing key; it opens everything. To replace it without a pause, start the server with the old one and the
        new one as <code>--signing-key-fallback</code>, deploy the apps with both, then start the server with the new one.
        {access.eventKeys.length === 0 && " There are no event keys: events are sent with API keys that may do so."}
      </p>
      <p className="actions">
        <button type="button" className="button" onClick={leave}>
          Sign out
        </button>
        <span className="quiet">Signed in with the signing key, in this browser, for at most 12 hours.</span>
      </p>
    </section>
  );
}
