/** What rows are compared with, and whether they reach it. Pure: results of one run in, verdicts out. */

/** One thing that a row is held against. Without a bound the ratio is shown and nothing is asked. */
export type Target =
  /** At least so many times as fast as another row of the run. */
  | { readonly kind: "speed"; readonly than: string; readonly atLeast?: number }
  /** At most so many times the time of another row of the run. */
  | { readonly kind: "time"; readonly of: string; readonly atMost?: number }
  /** A bound in the row's own unit. */
  | { readonly kind: "value"; readonly atLeast?: number; readonly atMost?: number }
  /** Bytes of one thing. */
  | { readonly kind: "each"; readonly atMostBytes: number }
  /** Any of them is enough. */
  | { readonly kind: "any"; readonly of: readonly Target[] };

/** The part of a result that targets look at. */
export interface Measured {
  readonly kind: "rate" | "time";
  readonly unit: string;
  readonly value: number;
  readonly bytesEach?: number | undefined;
}

export interface Verdict {
  readonly text: string;
  readonly ratio?: number;
  /** Undefined when nothing is asked or the other row has no result. */
  readonly met: boolean | undefined;
}

/** Rows that must be in the same run for these targets to be judged. */
export function rowsNeeded(targets: readonly Target[]): string[] {
  return targets.flatMap((target) => {
    if (target.kind === "speed") return [target.than];
    if (target.kind === "time") return [target.of];
    return target.kind === "any" ? rowsNeeded(target.of) : [];
  });
}

export function judge(
  own: Measured,
  target: Target,
  resultOf: (name: string) => Measured | undefined,
): Verdict {
  switch (target.kind) {
    case "speed": {
      const { than, atLeast } = target;
      const other = resultOf(than);
      const ratio = other === undefined ? undefined : seconds(other) / seconds(own);
      return compared(ratio, `${show(ratio)}x ${than}`, atLeast, (value, bound) => value >= bound, ">=");
    }
    case "time": {
      const { of, atMost } = target;
      const other = resultOf(of);
      const ratio = other === undefined ? undefined : seconds(own) / seconds(other);
      const text = `${show(ratio)}x the time of ${of}`;
      return compared(ratio, text, atMost, (value, bound) => value <= bound, "<=");
    }
    case "value": {
      const { atLeast, atMost } = target;
      const met =
        (atLeast === undefined || own.value >= atLeast) && (atMost === undefined || own.value <= atMost);
      const bounds = [
        ...(atLeast === undefined ? [] : [`>= ${amount(atLeast)}`]),
        ...(atMost === undefined ? [] : [`<= ${amount(atMost)}`]),
      ];
      return { text: `${bounds.join(" and ")} ${own.unit} ${mark(met)}`, met };
    }
    case "each": {
      const bytes = own.bytesEach;
      const met = bytes === undefined ? undefined : bytes <= target.atMostBytes;
      return { text: `${show(bytes)} bytes each (<= ${target.atMostBytes}) ${mark(met)}`, met };
    }
    case "any": {
      const verdicts = target.of.map((one) => judge(own, one, resultOf));
      const met = verdicts.some((verdict) => verdict.met === true)
        ? true
        : verdicts.every((verdict) => verdict.met === false)
          ? false
          : undefined;
      return { text: verdicts.map(({ text }) => text).join(" or "), met };
    }
  }
}

function compared(
  ratio: number | undefined,
  text: string,
  bound: number | undefined,
  holds: (ratio: number, bound: number) => boolean,
  sign: string,
): Verdict {
  if (ratio === undefined) return { text: `${text}: no result`, met: undefined };
  if (bound === undefined) return { text, ratio, met: undefined };
  const met = holds(ratio, bound);
  return { text: `${text} (${sign} ${bound}) ${mark(met)}`, ratio, met };
}

/** Of one operation, so that rates and times can be compared. */
function seconds({ kind, value }: Measured): number {
  return kind === "rate" ? 1 / value : value / 1000;
}

export function mark(met: boolean | undefined): string {
  return met === undefined ? "?" : met ? "✓" : "✗";
}

function show(value: number | undefined): string {
  if (value === undefined) return "?";
  if (value < 1) return value.toPrecision(2);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function amount(value: number): string {
  return value.toLocaleString("en-US");
}
