/** The options of a function as a list of facts. */
import type { ReactNode } from "react";
import type { UiFunctionOptions } from "@pawl/protocol";
import { Fact } from "../controls/fact.tsx";
import { optionLines } from "./options.ts";
import type { OptionLine } from "./options.ts";

/** The list. */
export function OptionList({ options }: { readonly options: UiFunctionOptions }): ReactNode {
  return (
    <section aria-label="Options">
      <header className="json-head">
        <h3>Options</h3>
      </header>
      <dl className="facts stacked wide-labels">
        {optionLines(options).map((line, index) => (
          <Fact key={index} label={line.label}>
            <OptionWords line={line} />
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function OptionWords({ line }: { readonly line: OptionLine }): ReactNode {
  return (
    <>
      {line.words !== "" && <span>{line.words}</span>}
      {line.code !== undefined && <code>{line.code}</code>}
      {line.each !== undefined && (
        <span className="quiet">
          for each <code>{line.each}</code>
        </span>
      )}
      {line.where !== undefined && (
        <span className="quiet">
          where <code>{line.where}</code>
        </span>
      )}
    </>
  );
}
