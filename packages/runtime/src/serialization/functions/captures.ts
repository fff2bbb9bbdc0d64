/**
 * Captured values that the user gives by hand, `remote(fn, { captures: () => ({ helper, base }) })`, kept with the
 * function until it is captured.
 */
import { forgetIdentity } from "./identity.ts";

type Captures = () => Record<string, unknown>;

const given = new WeakMap<Function, Captures>();

/**
 * Gives the captured values of a function or class; they replace reading its variables. A class with other values than
 * before is another class to whoever receives it.
 */
export function setCaptures(target: Function, captures: Captures): void {
  if (given.get(target) === captures) return;
  given.set(target, captures);
  forgetIdentity(target);
}

/** What {@link setCaptures} was given for a function. */
export function givenCaptures(target: Function): Captures | undefined {
  return given.get(target);
}
