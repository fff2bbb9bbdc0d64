/**
 * Where in a value something lies, in the words of error messages: `args[0].socket`, `args[0].get("k")`, and, through
 * a function, `args[0] -> captured 'cfg' -> .db -> .pool`. Steps are kept as they are met and only formatted when
 * there is an error to report.
 */

/** One step: a property key, an index, or a step that has a wording of its own. */
export type Step = PropertyKey | NamedStep;

export interface NamedStep {
  readonly text: string;
  /** Steps from here on are separated by arrows: the path has left the value and gone through code. */
  readonly throughCode?: boolean;
  /** Key of the own property that the step goes through, for a getter or setter. */
  readonly ownKey?: PropertyKey;
  /** The user's source around the step. */
  readonly frame?: (() => string | undefined) | undefined;
}

/** A step that no path shows. */
export const HIDDEN: NamedStep = { text: "" };

/** The own property that a step goes through, if it goes through one. */
export function ownKeyOf(step: Step): PropertyKey | undefined {
  return typeof step === "object" ? step.ownKey : step;
}

/** A step into a Map: by its key when that can be shown. */
export function mapValueStep(key: unknown, index: number): NamedStep {
  return { text: isShowable(key) ? `.get(${show(key)})` : `.get(key ${index})` };
}

/** `label` and then each step, with the middle of a very long path left out. An empty label is left out as well. */
export function formatPath(label: string, steps: readonly Step[]): string {
  const parts: string[] = label === "" ? [] : [label];
  let throughCode = false;
  for (const step of shortened(steps)) {
    if (typeof step === "object" && step.throughCode === true) throughCode = true;
    const text = formatStep(step);
    if (throughCode || parts.length === 0) parts.push(text);
    else parts[parts.length - 1] += text;
  }
  return parts.join(" -> ");
}

/** Steps that a long path shows of its beginning and of its end. */
const SHOWN_STEPS = 20;

function shortened(steps: readonly Step[]): readonly Step[] {
  const left = steps.length - 2 * SHOWN_STEPS;
  if (left <= SHOWN_STEPS) return steps;
  const throughCode = steps
    .slice(0, -SHOWN_STEPS)
    .some((step) => typeof step === "object" && step.throughCode);
  const gap: NamedStep = { text: `…(${left} steps)…`, throughCode };
  return [...steps.slice(0, SHOWN_STEPS), gap, ...steps.slice(-SHOWN_STEPS)];
}

function formatStep(step: Step): string {
  switch (typeof step) {
    case "object":
      return step.text;
    case "string":
      return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    default:
      return `[${String(step)}]`;
  }
}

function isShowable(key: unknown): key is string | number | bigint | boolean | null | undefined {
  return key === null || (typeof key !== "object" && typeof key !== "function" && typeof key !== "symbol");
}

function show(key: string | number | bigint | boolean | null | undefined): string {
  return typeof key === "string" ? JSON.stringify(key) : String(key);
}
