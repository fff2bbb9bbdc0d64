import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  addColumnSums,
  addProduct,
  addTransposedProduct,
  transposed,
  zeros,
  type Matrix,
} from "../../packages/examples/dist/lib/matrix.js";

const at = ({ columns, values }: Matrix, row: number, column: number): number =>
  values[row * columns + column] ?? NaN;

/** By the definition, one sum for each element; whole numbers, so that no order of adding matters. */
function product(a: Matrix, b: Matrix): number[] {
  return Array.from({ length: a.rows * b.columns }, (_, index) => {
    const [row, column] = [Math.floor(index / b.columns), index % b.columns];
    return Array.from({ length: b.rows }, (__, k) => at(a, row, k) * at(b, k, column)).reduce(
      (sum, term) => sum + term,
      0,
    );
  });
}

const size = fc.integer({ min: 1, max: 11 });
const matrixOf = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc
    // Many zeros, which the products skip.
    .array(fc.oneof(fc.constant(0), fc.integer({ min: -99, max: 99 })), {
      minLength: rows * columns,
      maxLength: rows * columns,
    })
    .map((values) => ({ rows, columns, values: Float64Array.from(values) }));
const factors = fc
  .tuple(size, size, size)
  .chain(([rows, inner, columns]) => fc.tuple(matrixOf(rows, inner), matrixOf(inner, columns)));

describe("matrices", () => {
  it("are multiplied, and the product is added to what is there", () => {
    fc.assert(
      fc.property(factors, ([a, b]) => {
        const out = zeros(a.rows, b.columns);
        out.values.fill(1);
        addProduct(out, a, b);
        expect([...out.values]).toEqual(product(a, b).map((value) => value + 1));
      }),
    );
  });

  it("are multiplied with the left one transposed", () => {
    fc.assert(
      fc.property(factors, ([a, b]) => {
        const out = zeros(a.rows, b.columns);
        addTransposedProduct(out, transposed(a), b);
        expect(out.values).toEqual(Float64Array.from(product(a, b)));
      }),
    );
  });

  it("have columns that add up", () => {
    const out = zeros(1, 2);
    addColumnSums(out, { rows: 3, columns: 2, values: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect([...out.values]).toEqual([9, 12]);
  });
});
