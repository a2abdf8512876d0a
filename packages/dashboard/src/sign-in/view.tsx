/** The form that stands in the place of every page while the server asks for its signing key. */
import { useState } from "react";
import type { FormEvent, ReactNode } from "react";
import { signIn } from "../api/client.ts";
import { clearResources } from "../api/resource.ts";
import { setSignedOut } from "../api/session.ts";
import { clearLists } from "../list/use-paged.ts";
import { Logo } from "../shell/icons.tsx";
import "./sign-in.css";

/** Asks for the key. What was fetched before is forgotten when it was right: it may be of another person's time. */
export function SignInView(): ReactNode {
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    signIn(key.trim())
      .then(() => {
        clearResources();
        clearLists();
        setSignedOut(false);
      })
      .catch((failure: unknown) => {
        setBusy(false);
        setProblem(failure instanceof Error ? failure.message : "It failed.");
      });
  };
  return (
    <main className="sign-in">
      <form aria-labelledby="sign-in-title" onSubmit={submit}>
        <h1 id="sign-in-title">
          <Logo /> Sign in to Pawl
        </h1>
        <p>This server asks for its signing key: the one that it was started with, as PAWL_SIGNING_KEY.</p>
        {/* For password managers, which keep a key under a name. */}
        <input
          className="hidden-text"
          type="text"
          name="username"
          autoComplete="username"
          value="signing key"
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <label>
          Signing key
          <input
            className="field code-input"
            type="password"
            name="key"
            autoComplete="current-password"
            autoFocus
            required
            value={key}
            aria-invalid={problem !== undefined}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        {problem !== undefined && (
          <p role="alert" className="form-problem" data-tone="failed">
            {problem}
          </p>
        )}
        <button type="submit" className="button primary" disabled={isBusy || key.trim() === ""}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
        <p className="quiet">A session lasts 12 hours, in this browser only.</p>
      </form>
    </main>
  );
}
