/**
 * Dense matrices of doubles, with no more than what a small network needs. The two products are most of the main
 * example's work: they skip zeros on their left, of which images and rectified units are half full, and add four rows
 * of the right matrix at once, so that each number of the result is loaded and stored a quarter as often.
 */

/** Numbers in rows; element (r, c) is `values[r * columns + c]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** Adds the product `a` x `b` to `out`. */
export function addProduct(out: Matrix, a: Matrix, b: Matrix): void {
  for (let row = 0; row < a.rows; row++) addCombination(out, row, b, a.values, row * a.columns, 1);
}

/** Adds the product of `a`, transposed, and `b` to `out`. */
export function addTransposedProduct(out: Matrix, a: Matrix, b: Matrix): void {
  for (let row = 0; row < a.columns; row++) addCombination(out, row, b, a.values, row, a.columns);
}

/** A copy with rows and columns exchanged. */
export function transposed({ rows, columns, values }: Matrix): Matrix {
  const out = zeros(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out.values[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return out;
}

/** Adds the sum of each column to the one row of `out`. */
export function addColumnSums(out: Matrix, { rows, columns, values }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out.values[column] = (out.values[column] ?? 0) + (values[row * columns + column] ?? 0);
    }
  }
}

/** Which factors of a combination are not zero; shared by all calls, so that none allocates. */
let chosen = new Uint32Array(0);

/** Adds all rows of `b` to row `row` of `out`, each times its factor: `factors[start]`, `factors[start + step]`, ... */
function addCombination(
  out: Matrix,
  row: number,
  b: Matrix,
  factors: Float64Array,
  start: number,
  step: number,
): void {
  const { rows, columns, values } = b;
  const sums = out.values;
  if (chosen.length < rows) chosen = new Uint32Array(rows);
  let count = 0;
  for (let at = 0; at < rows; at++) {
    if (factors[start + at * step] !== 0) chosen[count++] = at;
  }
  const first = row * columns;
  let at = 0;
  for (; at + 3 < count; at += 4) {
    const [r0, r1, r2, r3] = [chosen[at] ?? 0, chosen[at + 1] ?? 0, chosen[at + 2] ?? 0, chosen[at + 3] ?? 0];
    const [f0, f1] = [factors[start + r0 * step] ?? 0, factors[start + r1 * step] ?? 0];
    const [f2, f3] = [factors[start + r2 * step] ?? 0, factors[start + r3 * step] ?? 0];
    const [b0, b1, b2, b3] = [r0 * columns, r1 * columns, r2 * columns, r3 * columns];
    for (let column = 0; column < columns; column++) {
      sums[first + column] =
        (sums[first + column] ?? 0) +
        f0 * (values[b0 + column] ?? 0) +
        f1 * (values[b1 + column] ?? 0) +
        f2 * (values[b2 + column] ?? 0) +
        f3 * (values[b3 + column] ?? 0);
    }
  }
  for (; at < count; at++) {
    const chosenRow = chosen[at] ?? 0;
    const factor = factors[start + chosenRow * step] ?? 0;
    for (let column = 0; column < columns; column++) {
      sums[first + column] =
        (sums[first + column] ?? 0) + factor * (values[chosenRow * columns + column] ?? 0);
    }
  }
}
