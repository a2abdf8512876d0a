/** Copying to the clipboard, with an answer that can be seen and heard. */
import { useEffect, useState } from "react";
import type { MouseEvent, ReactNode } from "react";

/** How long the button says that it copied. */
const SAID_MS = 1_200;

type CopyProps = {
  readonly text: string;
  /** Accessible name, such as `Copy run id`. */
  readonly name: string;
  /** Visible label. Default `Copy`. */
  readonly label?: ReactNode;
  readonly tabIndex?: number;
  readonly className?: string;
};

/** A button that copies `text` and says so for a moment. */
export function CopyButton({ text, name, label = "Copy", tabIndex = 0, className = "quiet-button" }: CopyProps): ReactNode {
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const onClick = (event: MouseEvent): void => {
    event.stopPropagation();
    event.preventDefault();
    void copyText(text).then((isCopied) => setOutcome(isCopied ? "copied" : "failed"));
  };
  return (
    <button type="button" className={className} aria-label={name} title={name} tabIndex={tabIndex} onClick={onClick}>
      {outcome === undefined ? label : outcome === "copied" ? "Copied" : "Can't copy"}
      <span className="hidden-text" role="status">
        {outcome === "copied" ? "Copied" : ""}
      </span>
    </button>
  );
}

/** Puts a text on the clipboard; false where the browser forbids it (a page without TLS that isn't localhost). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** The old way, which works on pages without TLS as well. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden-text";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}

/** An id as people compare them: first three, last four; the whole one in the title and on the clipboard. */
export function IdChip({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  return <CopyButton text={id} name={`Copy ${name} ${id}`} label={<ShortId id={id} />} className="id-chip" />;
}

/** `01J…8F2K`; ids of up to twelve characters whole. */
export function ShortId({ id }: { readonly id: string }): ReactNode {
  if (id.length <= 12) return <span className="id">{id}</span>;
  return (
    <span className="id" title={id}>
      {id.slice(0, 3)}…<b>{id.slice(-4)}</b>
    </span>
  );
}
