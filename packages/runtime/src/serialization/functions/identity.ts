/**
 * One class object per shipped class and thread. The thread that a class comes from gives it an id; every thread that
 * receives it remembers it by this id, so that a second payload, or the class's way home, meets the class that is
 * there already and `instanceof` holds.
 */
import { nanoid } from "nanoid/non-secure";

/** Distinguishes the ids that this thread gives from those of every other one. */
export const threadPrefix: string = nanoid(8);
let count = 0;

const ids = new WeakMap<Function, string>();
/** Classes of this thread stay collectable: whoever sends an instance back holds no claim on the class. */
const own = new Map<string, WeakRef<Function>>();
/** Received classes are kept: their static state must not depend on garbage collection. */
const received = new Map<string, Function>();
const forgotten = new FinalizationRegistry<string>((id) => own.delete(id));

/** The id of a class: the one that it came with, or a new one. */
export function identify(cls: Function): string {
  const known = ids.get(cls);
  if (known !== undefined) return known;
  const id = `${threadPrefix}.${++count}`;
  ids.set(cls, id);
  own.set(id, new WeakRef(cls));
  forgotten.register(cls, id);
  return id;
}

/** From now on the class has another id; what travels under the old one still finds it here. */
export function forgetIdentity(cls: Function): void {
  ids.delete(cls);
}

let captures = 0;

/** Numbers the captures of classes in this thread, so that an older one is told from a newer. */
export function nextCapture(): number {
  return ++captures;
}

/** The class that this thread has for an id. */
export function classOf(classId: string): Function | undefined {
  return received.get(classId) ?? own.get(classId)?.deref();
}

/** Notes the class that was put together for an id of another thread. */
export function remember(classId: string, cls: Function): void {
  ids.set(cls, classId);
  received.set(classId, cls);
}
