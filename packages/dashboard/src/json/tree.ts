/**
 * A JSON value as the lines of a tree, flat, so that the view draws a list and the arrow keys move in it.
 *
 * T1  Only unfolded containers contribute lines; a container shows at most its first `CHILDREN_MAX` children until more are asked for.
 */
export type JsonLine = {
  /** JavaScript path from the root, such as `data.items[0].id`; empty for the root. Unique in the tree. */
  readonly path: string;
  readonly depth: number;
  /** Property name or index; undefined for the root. */
  readonly key?: string;
  readonly isIndex: boolean;
  readonly kind: "object" | "array" | "string" | "number" | "boolean" | "null" | "more";
  /** The value as JSON for leaves, a summary for folded containers, the count of hidden children for `more`. */
  readonly text: string;
  readonly isOpen?: boolean;
  readonly value: unknown;
};

/** Which containers are open, and how many children of a container are shown when not the default. */
export type TreeState = { readonly open: ReadonlySet<string>; readonly shown: ReadonlyMap<string, number> };

/** More would cost a frame to draw. */
export const CHILDREN_MAX = 100;

/** Unfolds the root and, while few lines result, the levels below. */
const LINES_OPENED_MAX = 40;

const SUMMARY_LENGTH_MAX = 60;

/** The state to begin with: as many whole levels open as fit into 40 lines. */
export function initialTree(value: unknown): TreeState {
  let open: ReadonlySet<string> = new Set([""]);
  for (let depth = 1; depth < 6; depth += 1) {
    const lines = flattenJson(value, { open, shown: new Map() });
    const deeper = lines.filter((line) => line.depth === depth && line.isOpen === false && sizeOf(line.value) > 0);
    const added = deeper.reduce((sum, line) => sum + sizeOf(line.value), 0);
    if (deeper.length === 0 || lines.length + added > LINES_OPENED_MAX) break;
    open = new Set([...open, ...deeper.map((line) => line.path)]);
  }
  return { open, shown: new Map() };
}

/** The visible lines, in order. */
export function flattenJson(value: unknown, state: TreeState): readonly JsonLine[] {
  const lines: JsonLine[] = [];
  addLines(lines, state, { path: "", depth: 0, isIndex: false, value });
  return lines;
}

type Node = Pick<JsonLine, "path" | "depth" | "key" | "isIndex" | "value">;

function addLines(lines: JsonLine[], state: TreeState, node: Node): void {
  const { value } = node;
  if (typeof value !== "object" || value === null) {
    lines.push({ ...node, kind: kindOf(value), text: JSON.stringify(value) ?? "undefined" });
    return;
  }
  const isArray = Array.isArray(value);
  const isOpen = state.open.has(node.path);
  lines.push({ ...node, kind: isArray ? "array" : "object", text: summaryOf(value), isOpen });
  if (!isOpen) return;
  const children = Object.entries(value);
  const shown = state.shown.get(node.path) ?? CHILDREN_MAX;
  for (const [key, child] of children.slice(0, shown)) {
    addLines(lines, state, {
      path: joinPath(node.path, { key, isIndex: isArray }),
      depth: node.depth + 1,
      key,
      isIndex: isArray,
      value: child,
    });
  }
  const rest = children.length - shown;
  if (rest > 0)
    lines.push({ path: `${node.path}…`, depth: node.depth + 1, isIndex: false, kind: "more", text: String(rest), value: node.path });
}

function kindOf(value: unknown): "string" | "number" | "boolean" | "null" {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return typeof value as "string";
  return "null";
}

/** `{ id, total, items }` or `[3]`. */
function summaryOf(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "[ ]" : `[ ${value.length} ]`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "{ }";
  const text = keys.join(", ");
  return `{ ${text.length > SUMMARY_LENGTH_MAX ? `${text.slice(0, SUMMARY_LENGTH_MAX)}…` : text} }`;
}

function sizeOf(value: unknown): number {
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

function joinPath(path: string, child: { readonly key: string; readonly isIndex: boolean }): string {
  if (child.isIndex) return `${path}[${child.key}]`;
  if (/^[A-Za-z_$][\w$]*$/.test(child.key)) return path === "" ? child.key : `${path}.${child.key}`;
  return `${path}[${JSON.stringify(child.key)}]`;
}
