/** Asking an app to register, where it is or at another URL; what became of that is said beside the buttons. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiApp, UiSyncResult } from "@pawl/protocol";
import { ApiError, syncApp } from "../api/client.ts";
import { Confirm } from "../controls/confirm.tsx";
import { remedyOf } from "./failure.ts";

type Outcome = { readonly isRefusal: boolean; readonly words: string };

type ActionProps = {
  readonly app: UiApp;
  /** Called when the app was asked, whatever it answered: a refusal is in its history as well. */
  readonly onChange: () => void;
};

/** The buttons, which keep the focus while the app is asked; nothing for an app that is not reached by a URL. */
export function AppActions({ app, onChange }: ActionProps): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  if (app.method !== "serve") return null;
  const resync = (): void => {
    if (isBusy) return;
    setBusy(true);
    setOutcome(undefined);
    syncApp(app.id)
      .then((result) => setOutcome({ isRefusal: false, words: resultWords(result) }))
      .catch((error: unknown) => setOutcome({ isRefusal: true, words: refusalWords(error) }))
      .finally(() => {
        setBusy(false);
        onChange();
      });
  };
  return (
    <div className="app-actions">
      <div className="actions" role="group" aria-label="Actions">
        <button type="button" className="button primary" aria-disabled={isBusy} onClick={resync}>
          Resync
        </button>
        <button type="button" className="button" aria-disabled={isBusy} onClick={() => setAsked(!isBusy)}>
          Change URL…
        </button>
        <span role="status">{isBusy ? "Asking the app…" : outcome?.isRefusal === false ? outcome.words : ""}</span>
      </div>
      {outcome?.isRefusal === true && (
        <p role="alert" className="form-problem" data-tone="failed">
          {outcome.words}
        </p>
      )}
      {isAsked && (
        <ChangeUrl
          app={app}
          onAsked={onChange}
          onChanged={(result) => setOutcome({ isRefusal: false, words: `It is called at ${result.url} now.` })}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}

type ChangeProps = {
  readonly app: UiApp;
  readonly onAsked: () => void;
  readonly onChanged: (result: UiSyncResult) => void;
  readonly onClose: () => void;
};

function ChangeUrl({ app, onAsked, onChanged, onClose }: ChangeProps): ReactNode {
  const [url, setUrl] = useState(app.url);
  const typed = url.trim();
  const change = async (): Promise<void> => {
    try {
      onChanged(await syncApp(app.id, typed));
    } catch (error) {
      throw new Error(refusalWords(error), { cause: error });
    } finally {
      onAsked();
    }
  };
  return (
    <Confirm
      title="Change the app’s URL"
      verb="Change it"
      canConfirm={typed !== "" && typed !== app.url}
      onClose={onClose}
      onConfirm={change}
    >
      <div className="bulk-form">
        <label>
          URL
          <input
            className="field code-input"
            type="url"
            inputMode="url"
            value={url}
            autoComplete="off"
            spellCheck={false}
            autoFocus
            onFocus={(event) => event.target.select()}
            onChange={(event) => setUrl(event.target.value)}
          />
        </label>
        <p>The app is asked to register there, and called there once it has. Until then it is called where it was.</p>
      </div>
    </Confirm>
  );
}

function resultWords({ isModified }: UiSyncResult): string {
  return isModified ? "Synced: it registered something new." : "Synced: nothing has changed.";
}

function refusalWords(error: unknown): string {
  if (!(error instanceof ApiError)) return "The app could not be synced.";
  const remedy = remedyOf(error.message);
  return remedy === undefined ? error.message : `${error.message.replace(/\.$/, "")}. ${remedy}`;
}
