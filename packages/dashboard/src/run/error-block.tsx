/** Errors as people read them: what, then where in their own code. */
import type { ReactNode } from "react";
import type { UiError } from "@pawl/protocol";
import { CopyButton } from "../controls/copy-button.tsx";
import { JsonViewer } from "../json/viewer.tsx";

/** An error: name and message, the stack below, its cause. */
export function ErrorBlock({ error }: { readonly error: UiError }): ReactNode {
  const stack = error.stack?.trim();
  return (
    <section className="error-block" data-tone="failed" aria-label="Error">
      <header className="json-head">
        <h3>
          <b>{error.name}</b>
        </h3>
        <span className="spring" />
        <CopyButton text={stack ?? `${error.name}: ${error.message}`} name="Copy error" />
      </header>
      <p className="error-message">{error.message}</p>
      {stack !== undefined && <StackTrace stack={stack} message={error.message} />}
      {error.cause !== undefined && <JsonViewer title="Cause" text={JSON.stringify(error.cause)} />}
    </section>
  );
}

/** The frames of a stack. Those of the runtime and of packages step back: the first line of the user's own code is what helps. */
function StackTrace({ stack, message }: { readonly stack: string; readonly message: string }): ReactNode {
  const lines = stack.split("\n");
  const frames = lines.filter((line, index) => index > 0 || (!line.includes(message) && line.trim() !== ""));
  return (
    <pre className="stack" tabIndex={0}>
      {frames.map((frame, index) => (
        <span key={index} className={/node:|node_modules/.test(frame) ? "foreign" : undefined}>
          {frame.trim().replace("file://", "")}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
