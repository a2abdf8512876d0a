/** What is shown once the server is ready. Spec: dashboard-and-cli 5.6. */
import type { Style } from "./style.ts";

export type BannerFacts = {
  readonly version: string;
  readonly command: "dev" | "start";
  readonly readyMs: number;
  readonly url: string;
  /** Where data is kept. */
  readonly storage: string;
  readonly hasDashboard: boolean;
  readonly appUrls: readonly string[];
  readonly discovers: boolean;
  /** One line each, shown last. */
  readonly warnings: readonly string[];
};

const LABEL_WIDTH = 12;

/** The banner as lines. */
export function bannerLines(facts: BannerFacts, style: Style): readonly string[] {
  const { version, command, readyMs, url } = facts;
  const row = (label: string, value: string): string => `  ${style.dim(label.padEnd(LABEL_WIDTH))}${value}`;
  const events = command === "dev" ? `${url}/e/<any key>` : `${url}/e/<event key>`;
  const env = command === "dev" ? `PAWL_DEV=${url}` : `PAWL_BASE_URL=${url}`;
  const apps =
    facts.appUrls.length > 0
      ? facts.appUrls.join(", ")
      : facts.discovers
        ? "looking on the usual local ports …"
        : "waiting for apps to register";
  return [
    "",
    `  ${style.bold(`pawl ${version} ${command}`)}   ${style.dim(`ready in ${Math.round(readyMs)} ms`)}`,
    "",
    facts.hasDashboard ? row("Dashboard", style.bold(url)) : row("API", url),
    row("Events", events),
    row("For the app", env),
    row("Data", facts.storage),
    row("Apps", apps),
    ...facts.warnings.map((warning) => `  ${style.yellow("!")} ${warning}`),
    "",
  ];
}
