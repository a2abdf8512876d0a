/** Making an API key: the question what it may do, and the one time that its secret is shown. */
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { UiNewApiKey } from "@pawl/protocol";
import { createKey } from "../api/client.ts";
import { Confirm } from "../controls/confirm.tsx";
import { CopyButton } from "../controls/copy-button.tsx";
import { serverNow } from "../time/clock.ts";
import { keyProblem, keyRequestOf, LIFETIMES, mayDo, NAME_CHARS_MAX, NEW_KEY, SCOPES, toggleScope } from "./model.ts";
import type { KeyDraft } from "./model.ts";

type CreateProps = { readonly onMade: (made: UiNewApiKey) => void; readonly onClose: () => void };

/** The dialog. Mount it to open it. `onMade` follows `onClose`: what is behind an open dialog can't take the focus. */
export function CreateKey({ onMade, onClose }: CreateProps): ReactNode {
  const [draft, setDraft] = useState(NEW_KEY);
  const made = useRef<UiNewApiKey>(undefined);
  const create = async (): Promise<void> => {
    made.current = await createKey(keyRequestOf(draft, serverNow()));
  };
  const close = (): void => {
    onClose();
    if (made.current !== undefined) onMade(made.current);
  };
  const problem = keyProblem(draft);
  return (
    <Confirm title="New API key" verb="Make the key" canConfirm={problem === undefined} onClose={close} onConfirm={create}>
      <div className="bulk-form">
        <label>
          Name
          <input
            className="field"
            value={draft.name}
            placeholder="grafana"
            maxLength={NAME_CHARS_MAX}
            autoComplete="off"
            autoFocus
            onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          />
        </label>
        <ScopeField draft={draft} setDraft={setDraft} />
        <label>
          Expires
          <select className="field" value={draft.lifetime} onChange={(event) => setDraft({ ...draft, lifetime: event.target.value })}>
            {LIFETIMES.map(({ code, words }) => (
              <option key={code} value={code}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <p role="status">{problem ?? "The key is shown once, after this."}</p>
      </div>
    </Confirm>
  );
}

function ScopeField({ draft, setDraft }: { readonly draft: KeyDraft; readonly setDraft: (draft: KeyDraft) => void }): ReactNode {
  return (
    <fieldset className="choices">
      <legend>It may</legend>
      {SCOPES.map(({ scope, word, sentence }) => (
        <label key={scope}>
          <input
            type="checkbox"
            checked={mayDo(draft.scopes, scope)}
            disabled={scope !== "write" && draft.scopes.includes("write")}
            onChange={() => setDraft({ ...draft, scopes: toggleScope(draft.scopes, scope) })}
          />
          <b>{word}</b>
          <span>{sentence}</span>
        </label>
      ))}
    </fieldset>
  );
}

type SecretProps = { readonly made: UiNewApiKey; readonly onDone: () => void };

/** The secret of a key that was just made, until it is put away. No dialog, so that no key press loses it. */
export function Secret({ made: { key, secret }, onDone }: SecretProps): ReactNode {
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.focus(), []);
  return (
    <section ref={section} className="explainer secret" data-tone="queued" aria-labelledby="secret-title" tabIndex={-1}>
      <h2 id="secret-title">The key {key.name}, shown this once</h2>
      <p>Put it where the program finds it. The server keeps only a hash: it can’t tell the key again.</p>
      <p className="secret-line">
        <code>{secret}</code>
      </p>
      <p className="actions">
        <CopyButton text={secret} name="Copy the key" label="Copy the key" className="button primary" />
        <button type="button" className="button" onClick={onDone}>
          I have it
        </button>
      </p>
    </section>
  );
}
