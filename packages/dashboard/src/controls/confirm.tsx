/**
 * A question before something that can't be undone, or with fields to fill in: says what will happen; Enter in a field confirms, Escape and
 * the other button leave everything as it is.
 */
import { useEffect, useRef, useState } from "react";
import type { FormEvent, ReactNode } from "react";

type ConfirmProps = {
  readonly title: string;
  /** What will happen. */
  readonly children: ReactNode;
  /** The verb on the button. */
  readonly verb: string;
  /** False while something is missing for it. Default true. */
  readonly canConfirm?: boolean;
  /** Runs on confirmation; a rejection is shown in the dialog. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
};

/** A modal dialog. Mount it to open it. */
export function Confirm({ title, children, verb, canConfirm = true, onConfirm, onClose }: ConfirmProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = (event: FormEvent): void => {
    event.preventDefault();
    if (isBusy || !canConfirm) return;
    setBusy(true);
    setProblem(undefined);
    onConfirm()
      .then(onClose)
      .catch((failure: unknown) => {
        setBusy(false);
        setProblem(failure instanceof Error ? failure.message : "It failed.");
      });
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <form noValidate onSubmit={confirm}>
        <div className="dialog-body">{children}</div>
        {problem !== undefined && (
          <p role="alert" className="form-problem" data-tone="failed">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Leave as it is
          </button>
          <button type="submit" className="button primary" disabled={isBusy || !canConfirm}>
            {verb}
          </button>
        </footer>
      </form>
    </dialog>
  );
}
