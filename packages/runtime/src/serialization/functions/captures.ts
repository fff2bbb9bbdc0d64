/**
 * Captured values that the user gives by hand, `remote(fn, { captures: () => ({ helper, base }) })`, kept with the
 * function until it is captured.
 */
type Captures = () => Record<string, unknown>;

const given = new WeakMap<Function, Captures>();

/** Gives the captured values of a function or class; they replace reading its variables. */
export function setCaptures(target: Function, captures: Captures): void {
  given.set(target, captures);
}

/** What {@link setCaptures} was given for a function. */
export function givenCaptures(target: Function): Captures | undefined {
  return given.get(target);
}
