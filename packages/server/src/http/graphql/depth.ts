/** How deep a query is nested, fragments included. */
import type { DocumentNode, FragmentDefinitionNode, SelectionSetNode } from "graphql";

/** Levels of fields of the deepest operation. The document must be valid: fragments have no cycles then. */
export function depthOf(document: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === "FragmentDefinition") fragments.set(node.name.value, node);
  const known = new Map<string, number>();
  const depths = document.definitions.map((node) =>
    node.kind === "OperationDefinition" ? depthOfSet(node.selectionSet, { fragments, known }) : 0,
  );
  return Math.max(0, ...depths);
}

type Fragments = {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Depths of fragments, so that each is measured once however often it is spread. */
  readonly known: Map<string, number>;
};

function depthOfSet(set: SelectionSetNode | undefined, scope: Fragments): number {
  let depth = 0;
  for (const node of set?.selections ?? []) {
    if (node.kind === "Field") depth = Math.max(depth, 1 + depthOfSet(node.selectionSet, scope));
    else if (node.kind === "InlineFragment") depth = Math.max(depth, depthOfSet(node.selectionSet, scope));
    else depth = Math.max(depth, depthOfFragment(node.name.value, scope));
  }
  return depth;
}

function depthOfFragment(name: string, scope: Fragments): number {
  const known = scope.known.get(name);
  if (known !== undefined) return known;
  const depth = depthOfSet(scope.fragments.get(name)?.selectionSet, scope);
  scope.known.set(name, depth);
  return depth;
}
