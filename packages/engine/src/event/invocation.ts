/** What an invocation's event says. Spec: wire 8.7; semantics 2.6, 5.4. */
import type { ExpressionEvent } from "../expression/index.ts";

/** Who is invoked, and who waits. */
export function invocationOf(parsed: ExpressionEvent): { readonly target?: string; readonly correlationId?: string } {
  const data = parsed.data as { readonly _inngest?: { readonly fn_id?: unknown; readonly correlation_id?: unknown } } | undefined;
  const { fn_id: target, correlation_id: correlationId } = data?._inngest ?? {};
  return { ...(typeof target === "string" ? { target } : {}), ...(typeof correlationId === "string" ? { correlationId } : {}) };
}
