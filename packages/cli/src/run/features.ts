/** Switches that a client may ask a development server for: `INNGEST_FEATURE_FLAGS`, such as `a=true,b=false`. Spec: wire 1.4. */

/** The switches by name; what is neither true nor false is left out. */
export function featuresOf(env: NodeJS.ProcessEnv): Readonly<Record<string, boolean>> {
  const pairs = (env["PAWL_FEATURE_FLAGS"] ?? env["INNGEST_FEATURE_FLAGS"] ?? "").split(",").map((pair) => pair.split("="));
  const named = pairs.flatMap(([name = "", value = ""]) => {
    const text = value.trim().toLowerCase();
    return name.trim() !== "" && (text === "true" || text === "false") ? [[name.trim(), text === "true"] as const] : [];
  });
  return Object.fromEntries(named);
}
