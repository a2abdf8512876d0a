/** Calls that the server before this one has handed over: whoever was called still has them. */
export interface HandedOver {
  /** Whether the call of an item is one of them, of this generation where one is told, and has not been made anew. */
  has(itemId: string, generation: number | undefined): boolean;
  /** Resolves when the item is called, or will not be called as one of them; at once where it is none. */
  called(itemId: string): Promise<void>;
}
