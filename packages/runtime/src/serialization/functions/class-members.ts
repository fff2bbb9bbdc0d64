/** Which member in the source of a class makes which property of the live class. */
import type { Overlay } from "./code.ts";
import type { ClassMember, FunctionShape } from "./parse.ts";
import { ownPrototypeObject } from "./prototypes.ts";

/** The member of the source that makes a property. */
export function memberOf(
  key: string | symbol,
  descriptor: PropertyDescriptor,
  on: Overlay["on"],
  shape: FunctionShape,
): ClassMember | undefined {
  const members = (shape.class?.members ?? []).filter((member) => member.static === (on === "function"));
  return members.find((member) => {
    const other = member.kind === "get" ? "set" : member.kind === "set" ? "get" : undefined;
    // Half of an accessor was taken away.
    if (
      other !== undefined &&
      descriptor[other] === undefined &&
      members.some((half) => half.kind === other && half.name === key)
    )
      return false;
    return matches(member, key, descriptor, shape.text);
  });
}

/** The attributes that a member is born with. */
export function attributesOf({ kind }: ClassMember): PropertyDescriptor {
  const isField = kind === "field" || kind === "static block";
  return { writable: kind !== "get" && kind !== "set", enumerable: isField, configurable: true };
}

/** Whether the property is what this member of the source defines. */
function matches(
  member: ClassMember,
  key: string | symbol,
  descriptor: PropertyDescriptor,
  text: string,
): boolean {
  if (member.kind === "static block") return isMadeInBlock(member, descriptor, text);
  if (member.private) return false;
  if (member.computed === undefined && member.name !== key) return false;
  const written = text.slice(member.start, member.end);
  const live: unknown =
    member.kind === "get" ? descriptor.get : member.kind === "set" ? descriptor.set : descriptor.value;
  if (typeof live !== "function") return false;
  const source = Function.prototype.toString.call(live);
  // A field's function is made again by its initialiser, which is run again; a method's text is the member's own.
  if (member.kind === "field") return member.name === key && written.includes(source);
  const partner = member.kind === "get" ? descriptor.set : member.kind === "set" ? descriptor.get : undefined;
  return (
    written.endsWith(source) &&
    (partner === undefined || text.includes(Function.prototype.toString.call(partner)))
  );
}

/**
 * Whether a static block makes this function. It does so again on the other side; that counts for functions that use
 * private members only, which cannot be sent without their class.
 */
function isMadeInBlock({ start, end }: ClassMember, { value }: PropertyDescriptor, text: string): boolean {
  if (typeof value !== "function") return false;
  const source = Function.prototype.toString.call(value);
  return source.includes("#") && text.slice(start, end).includes(source);
}

export function removedMembers(
  owner: object,
  on: Overlay["on"],
  members: readonly ClassMember[],
): { on: Overlay["on"]; key: string }[] {
  return members.flatMap(({ name, static: isStatic, private: isPrivate, kind }) => {
    const mine =
      isStatic === (on === "function") && !isPrivate && name !== undefined && name !== "constructor";
    const made = kind !== "static block" && (isStatic || kind !== "field");
    return mine && made && !Object.hasOwn(owner, name) ? [{ on, key: name }] : [];
  });
}

/** Members that a computed key has been found for. */
export type TakenKeys = {
  readonly key: string | symbol;
  readonly kind: ClassMember["kind"];
  readonly static: boolean;
}[];

/** The live key of a member whose key the source computes, when the member's own text tells which one it is. */
export function computedKey(
  fn: Function,
  shape: FunctionShape,
  member: ClassMember,
  taken: TakenKeys,
): string | symbol | undefined {
  const owner = member.static ? fn : ownPrototypeObject(fn, shape);
  if (owner === undefined || member.kind === "field") return undefined;
  const key = Reflect.ownKeys(owner).find((candidate) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, candidate);
    const free = !taken.some(
      (other) => other.key === candidate && other.kind === member.kind && other.static === member.static,
    );
    return free && descriptor !== undefined && matches(member, candidate, descriptor, shape.text);
  });
  if (key !== undefined) taken.push({ key, kind: member.kind, static: member.static });
  return key;
}
