/**
 * A payload on screen: a tree that folds, with the value and path of each line to copy, or the text as it is.
 *
 * Keys in the tree: arrows move and fold, Enter copies the value, Shift+Enter the path.
 *
 * Spec: dashboard 3.6.
 */
import { useMemo, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { CopyButton, copyText } from "../controls/copy-button.tsx";
import { formatBytes } from "../time/format.ts";
import { parseJson } from "./parse.ts";
import { CHILDREN_MAX, flattenJson, initialTree } from "./tree.ts";
import type { JsonLine, TreeState } from "./tree.ts";

/** Texts above this are shown as text only and cut off; the tree of a larger one would stall the page. */
const TREE_CHARS_MAX = 2_000_000;
const TEXT_CHARS_MAX = 64_000;

type ViewerProps = {
  /** What it is: `Input`, `Output`, `order/created`. Part of the accessible names. */
  readonly title: string;
  /** JSON text. A text that isn't JSON is shown as it is. */
  readonly text: string;
};

/** A JSON payload with its title, size, mode and copy button. */
export function JsonViewer({ title, text }: ViewerProps): ReactNode {
  const parsed = useMemo(() => (text.length > TREE_CHARS_MAX ? undefined : parseJson(text)), [text]);
  const [isRaw, setRaw] = useState(false);
  const canTree = parsed?.isValid === true && typeof parsed.value === "object" && parsed.value !== null;
  const pretty = useMemo(() => (parsed?.isValid === true ? JSON.stringify(parsed.value, null, 2) : text), [parsed, text]);
  return (
    <section className="json" aria-label={title}>
      <header className="json-head">
        <h3>{title}</h3>
        <span className="quiet">{formatBytes(new Blob([text]).size)}</span>
        <span className="spring" />
        {canTree && (
          <button type="button" className="quiet-button" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
            Text
          </button>
        )}
        <CopyButton text={pretty} name={`Copy ${title}`} />
      </header>
      {canTree && !isRaw ? <JsonTree key={text} title={title} value={parsed.value} /> : <RawText text={pretty} />}
    </section>
  );
}

function RawText({ text }: { readonly text: string }): ReactNode {
  const rest = text.length - TEXT_CHARS_MAX;
  return (
    <>
      <pre className="json-text" tabIndex={0}>
        {text.slice(0, TEXT_CHARS_MAX)}
      </pre>
      {rest > 0 && <p className="quiet json-cut">{formatBytes(rest)} more. Copy takes the whole text.</p>}
    </>
  );
}

function JsonTree({ title, value }: { readonly title: string; readonly value: unknown }): ReactNode {
  const [tree, setTree] = useState<TreeState>(() => initialTree(value));
  const [focused, setFocused] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const lines = useMemo(() => flattenJson(value, tree), [value, tree]);
  const focusLine = (line: JsonLine | undefined): void => {
    if (line === undefined) return;
    setFocused(line.path);
    list.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(line.path)}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = lines.findIndex((line) => line.path === focused);
    const line = lines[at];
    if (line === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = keyTarget(lines, { at, key: event.key });
    if (next !== undefined) focusLine(next);
    else if ((event.key === "ArrowRight" && line.isOpen === false) || (event.key === "ArrowLeft" && line.isOpen === true))
      setTree(toggle(tree, line));
    else if (event.key === "Enter") activate(line, event.shiftKey, () => setTree(toggle(tree, line)));
    else return;
    event.preventDefault();
  };
  return (
    <ul className="json-tree" role="tree" aria-label={title} ref={list} onKeyDown={onKeyDown}>
      {lines.map((line) => (
        <TreeLine
          key={line.path}
          line={line}
          isFocusable={line.path === focused}
          onFocus={() => setFocused(line.path)}
          onToggle={() => setTree(toggle(tree, line))}
        />
      ))}
    </ul>
  );
}

type LineProps = { readonly line: JsonLine; readonly isFocusable: boolean; readonly onFocus: () => void; readonly onToggle: () => void };

function TreeLine({ line, isFocusable, onFocus, onToggle }: LineProps): ReactNode {
  const isContainer = line.isOpen !== undefined || line.kind === "more";
  return (
    <li
      role="treeitem"
      aria-level={line.depth + 1}
      aria-expanded={line.isOpen}
      aria-label={`${line.key ?? "root"}: ${line.kind === "more" ? `${line.text} more` : line.text}`}
      tabIndex={isFocusable ? 0 : -1}
      data-path={line.path}
      onFocus={onFocus}
      onClick={isContainer ? onToggle : undefined}
      className={`json-line json-${line.kind}`}
    >
      <span style={{ paddingInlineStart: `${line.depth * 1.1}rem` }} className="json-fold" aria-hidden="true">
        {line.isOpen === undefined ? "" : line.isOpen ? "▾" : "▸"}
      </span>
      {line.key !== undefined && <span className={line.isIndex ? "json-index" : "json-key"}>{line.key}</span>}
      <span className="json-value">{line.kind === "more" ? `${line.text} more…` : line.isOpen === true ? countText(line) : line.text}</span>
      {line.kind !== "more" && (
        <span className="json-actions">
          <CopyButton text={valueText(line)} name="Copy value" label="value" tabIndex={-1} />
          {line.path !== "" && <CopyButton text={line.path} name="Copy path" label="path" tabIndex={-1} />}
        </span>
      )}
    </li>
  );
}

function toggle(tree: TreeState, line: JsonLine): TreeState {
  if (line.kind === "more") {
    const parent = String(line.value);
    return { ...tree, shown: new Map([...tree.shown, [parent, (tree.shown.get(parent) ?? CHILDREN_MAX) * 4]]) };
  }
  const open = new Set(tree.open);
  if (!open.delete(line.path)) open.add(line.path);
  return { ...tree, open };
}

function activate(line: JsonLine, isPath: boolean, onToggle: () => void): void {
  if (line.kind === "more") onToggle();
  else void copyText(isPath ? line.path : valueText(line));
}

/** The line that a key leads to; undefined where the key folds, or does nothing here. */
function keyTarget(lines: readonly JsonLine[], press: { readonly at: number; readonly key: string }): JsonLine | undefined {
  const { at, key } = press;
  const line = lines[at];
  if (key === "ArrowDown" || (key === "ArrowRight" && line?.isOpen === true)) return lines[at + 1];
  if (key === "ArrowUp") return lines[at - 1];
  if (key === "Home") return lines[0];
  if (key === "End") return lines.at(-1);
  if (key === "ArrowLeft" && line?.isOpen !== true) return lines.slice(0, at).findLast((above) => above.depth < (line?.depth ?? 0));
  return undefined;
}

function valueText(line: JsonLine): string {
  return typeof line.value === "string" ? line.value : JSON.stringify(line.value, null, 2);
}

/** An open container shows how many children it has; their names stand below. */
function countText(line: JsonLine): string {
  const count = Object.keys(line.value as object).length;
  return line.kind === "array" ? `[ ${count} ]` : `{ ${count} }`;
}
