/**
 * Text that Prometheus reads.
 *
 * Source: the Prometheus exposition format, version 0.0.4.
 */

export type Labels = Readonly<Record<string, string>>;

/** One line. `suffix`: `_bucket`, `_sum`, `_count` of a histogram; default none. */
export type Sample = { readonly value: number; readonly labels?: Labels; readonly suffix?: string };

export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
};

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The families in order; one without samples is left out. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join("");
}

function familyText({ name, help, type, samples }: Family): string {
  const head = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
  return head + samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${numberText(value)}\n`).join("");
}

function labelsText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {});
  return pairs.length === 0 ? "" : `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
