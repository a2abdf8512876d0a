/** The page of keys: those for programs, and which ones the server itself was started with. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiAccess, UiApiKey, UiApiKeyList, UiNewApiKey } from "@pawl/protocol";
import { revokeKey } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { Confirm } from "../controls/confirm.tsx";
import { ShortId } from "../controls/copy-button.tsx";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { formatAgo, formatInstant } from "../time/format.ts";
import { CreateKey, Secret } from "./create.tsx";
import { isExpired, keysSentence, scopeWords } from "./model.ts";
import { OpenServer, ServerKeys } from "./server-keys.tsx";
import "../bulks/bulks.css";
import "../functions/functions.css";
import "../list/lines.css";
import "./keys.css";

/** The page at `/settings/keys`. */
export function KeysView(): ReactNode {
  const { data, error, reload } = useResource<UiApiKeyList>("/keys");
  const access = useResource<UiAccess>("/access");
  const [isAsked, setAsked] = useState(false);
  const [made, setMade] = useState<UiNewApiKey>();
  const [said, setSaid] = useState("");
  const now = useNow(false);
  const items = data?.items.toReversed() ?? [];
  return (
    <div className="page">
      <header className="page-head">
        <h1>{items.length === 0 ? "API keys" : keysSentence(items, now)}</h1>
        <span role="status" className="quiet">
          {said}
        </span>
        <span className="spring" />
        <button type="button" className="button" onClick={() => setAsked(true)}>
          New key…
        </button>
      </header>
      {access.data?.isKeyNeeded === false && <OpenServer />}
      {made !== undefined && <Secret key={made.key.id} made={made} onDone={() => setMade(undefined)} />}
      {error !== undefined && <Problem what="The keys can't be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton rows={3} />}
      {data?.items.length === 0 && made === undefined && <NoKeys onAsk={() => setAsked(true)} />}
      {items.length > 0 && (
        <KeyTable
          keys={items}
          onRevoked={({ id, name }) => {
            setSaid(`${name} is revoked: it opens nothing any more.`);
            if (made?.key.id === id) setMade(undefined);
            reload();
          }}
        />
      )}
      {access.error !== undefined && (
        <Problem what="Which keys the server asks for can't be loaded." error={access.error} onRetry={access.reload} />
      )}
      {access.data?.isKeyNeeded === true && <ServerKeys access={access.data} />}
      {isAsked && (
        <CreateKey
          onMade={(next) => {
            setMade(next);
            setSaid("");
            reload();
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}

type TableProps = { readonly keys: readonly UiApiKey[]; readonly onRevoked: (key: UiApiKey) => void };

function KeyTable({ keys, onRevoked }: TableProps): ReactNode {
  return (
    <table className="lines key-lines" aria-label="API keys">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">May</th>
          <th scope="col">Made</th>
          <th scope="col">Expires</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <KeyRow key={key.id} item={key} onRevoked={onRevoked} />
        ))}
      </tbody>
    </table>
  );
}

function KeyRow({ item, onRevoked }: { readonly item: UiApiKey; readonly onRevoked: (key: UiApiKey) => void }): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const { id, name, scopes, createdAt, lastUsedAt } = item;
  return (
    <tr>
      <th scope="row">
        <span className="stack-text">
          {name}
          <span className="quiet" title={`Begins with pawl_${id}`}>
            pawl_
            <ShortId id={id} />
          </span>
        </span>
      </th>
      <td data-label="May">{scopeWords(scopes)}</td>
      <td data-label="Made">
        <Ago at={createdAt} />
      </td>
      <td data-label="Expires">
        <Expiry item={item} />
      </td>
      <td data-label="Last used" className={lastUsedAt === undefined ? "quiet" : undefined}>
        {lastUsedAt === undefined ? "not since the server’s start" : <Ago at={lastUsedAt} />}
      </td>
      <td className="line-action">
        <button type="button" className="button" aria-label={`Revoke ${name}…`} onClick={() => setAsked(true)}>
          Revoke…
        </button>
        {isAsked && <RevokeQuestion item={item} onRevoked={onRevoked} onClose={() => setAsked(false)} />}
      </td>
    </tr>
  );
}

function Expiry({ item }: { readonly item: UiApiKey }): ReactNode {
  const now = useNow(false);
  if (item.expiresAt === undefined) return "never";
  const { expiresAt } = item;
  if (!isExpired(item, now))
    return (
      <time dateTime={new Date(expiresAt).toISOString()} title={formatInstant(expiresAt, now)}>
        {formatAgo(expiresAt, now)}
      </time>
    );
  return (
    <span className="badge" data-tone="cancelled">
      <Glyph name="cancelled" size={12} />
      Expired <Ago at={expiresAt} />
    </span>
  );
}

type QuestionProps = { readonly item: UiApiKey; readonly onRevoked: (key: UiApiKey) => void; readonly onClose: () => void };

function RevokeQuestion({ item, onRevoked, onClose }: QuestionProps): ReactNode {
  const { lastUsedAt } = item;
  const revoke = async (): Promise<void> => {
    await revokeKey(item.id);
    onRevoked(item);
  };
  return (
    <Confirm title={`Revoke ${item.name}?`} verb="Revoke" onClose={onClose} onConfirm={revoke}>
      <p>Programs that use it are refused from then on. It can’t be undone; a new key has another secret.</p>
      <p>
        {lastUsedAt === undefined ? (
          "It has not been used since the server’s start."
        ) : (
          <>
            It was last used <Ago at={lastUsedAt} />.
          </>
        )}
      </p>
    </Confirm>
  );
}

function NoKeys({ onAsk }: { readonly onAsk: () => void }): ReactNode {
  return (
    <Empty title="No API keys yet.">
      <p>
        A program that needs less than the signing key can do gets a key of its own: to send events, to read, or for everything. It can be
        revoked alone.
      </p>
      <button type="button" className="button primary" onClick={onAsk}>
        New key…
      </button>
    </Empty>
  );
}
