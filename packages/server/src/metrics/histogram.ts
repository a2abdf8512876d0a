/**
 * How often a value was at most so large.
 *
 * I1  An observation costs a search through a dozen numbers and allocates nothing.
 */
import type { Labels, Sample } from "./exposition.ts";

export class Histogram {
  readonly #bounds: readonly number[];
  /** Observations by bucket, each counted once; the last is for those above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: inclusive upper bounds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
    this.#counts.push(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  /** Lines of the family, with its other labels. */
  samples(labels: Labels = {}): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((own, index): Sample => {
      count += own;
      const bound = this.#bounds[index];
      return { suffix: "_bucket", labels: { ...labels, le: bound === undefined ? "+Inf" : String(bound) }, value: count };
    });
    return [...buckets, { suffix: "_sum", labels, value: this.#sum }, { suffix: "_count", labels, value: count }];
  }
}
