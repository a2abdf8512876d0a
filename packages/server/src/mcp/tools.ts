/** Every tool: ours first, then those under the names of the protocol's reference server. */
import { API_TOOLS } from "./api-tools.ts";
import { COMPATIBILITY_TOOLS } from "./compatibility-tools.ts";
import { docTools } from "./doc-tools.ts";
import type { Docs } from "./docs.ts";
import { FUNCTION_TOOLS } from "./function-tools.ts";
import { RUN_TOOLS } from "./run-tools.ts";
import type { Tool } from "./tool.ts";

/** In the order in which clients see them. `load`: reads the documentation; default: the one that comes with the server. */
export function toolsOf(load?: () => Promise<Docs>): readonly Tool[] {
  return [...FUNCTION_TOOLS, ...RUN_TOOLS, ...docTools(load), ...COMPATIBILITY_TOOLS, ...API_TOOLS];
}
