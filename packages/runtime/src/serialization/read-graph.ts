/**
 * Builds live values from the node table of `wire.ts`, without recursion, in three passes:
 *
 * 1. data: every object is made as an empty shell, then filled. Where something is wanted that code has to make
 *    (a function, a class, an instance with a reducer), a placeholder keeps the place, so that order survives;
 * 2. code: functions and reduced instances are made in the order of their dependencies, by a depth-first walk over
 *    the whole graph, and put into the places that wait for them. All data is filled by then, because static
 *    initialisers and computed keys run at this moment. Cycles are broken at functions, which are linked afterwards;
 * 3. integrity: objects are frozen, sealed or closed.
 */
import { LATER } from "./functions/types.ts";
import { closeObject } from "./integrity.ts";
import { corrupted } from "./packer.ts";
import type { SourceCode } from "./functions/code.ts";
import { makeCode } from "./read-code.ts";
import { scalarOf } from "./read-cursor.ts";
import { updateClass } from "./read-class-updates.ts";
import { fillNode } from "./read-fill.ts";
import { makeShell } from "./read-shell.ts";
import { type Node, type Reference, isReference } from "./wire.ts";

/** In the place of a node whose shell nobody has asked for yet. */
const ABSENT: unique symbol = Symbol("absent");

/** Receives a value that code had to make first. */
export type Place = (value: unknown) => void;

export class GraphReader {
  readonly nodes: readonly Node[];
  readonly buffers: readonly SharedArrayBuffer[];
  private readonly values: unknown[];
  private readonly waiting = new Map<number, Place[]>();
  private readonly toClose: { readonly object: object; readonly integrity: number }[] = [];
  /** Prototypes that are data: set when all objects exist. */
  private readonly prototypes: { readonly object: object; readonly prototype: Reference }[] = [];

  /** Classes of the table that this thread has already. */
  private readonly known: { readonly cls: Function; readonly code: SourceCode; readonly node: Node }[] = [];
  /** Where code starts to be made, besides the root. */
  private readonly starts: unknown[] = [];

  /** Live objects that the receiver holds for the value. */
  readonly tracked: readonly object[];

  constructor(
    nodes: readonly Node[],
    buffers: readonly SharedArrayBuffer[],
    tracked: readonly object[] = [],
  ) {
    this.nodes = nodes;
    this.tracked = tracked;
    this.buffers = buffers;
    this.values = Array.from(nodes, () => ABSENT);
  }

  read(root: unknown): unknown {
    for (let index = 0; index < this.nodes.length; index++) this.valueAt(index);
    for (let index = 0; index < this.nodes.length; index++)
      fillNode(this, this.nodeAt(index), this.valueAt(index));
    for (const { object, prototype } of this.prototypes) this.setPrototype(object, prototype);
    for (const { cls, code, node } of this.known) updateClass(this, cls, code, node);
    if (this.waiting.size > 0 || this.value(root) === LATER) makeCode(this, [root, ...this.starts]);
    for (const { object, integrity } of this.toClose) closeObject(object, integrity);
    const value = this.value(root);
    if (value === LATER) throw corrupted("a value depends on itself");
    return value;
  }

  /** The value of a cell, or `LATER` when code still has to make it. */
  value(cell: unknown): unknown {
    if (typeof cell !== "object" || cell === null) return cell;
    return isReference(cell) ? this.valueAt(this.indexOf(cell)) : scalarOf(cell);
  }

  /** Gives the value of a cell to `place`: now, or as soon as it exists. Says whether it was now. */
  supply(cell: unknown, place: Place): boolean {
    const value = this.value(cell);
    if (value !== LATER) {
      place(value);
      return true;
    }
    this.whenMade(this.indexOf(cell), place);
    return false;
  }

  /** As {@link supply}, for what the root may not lead to: all code in it is made nevertheless. */
  supplyWhole(cell: unknown, place: Place): void {
    this.supply(cell, place);
    this.starts.push(cell);
  }

  /** The table brings a class that this thread has already. */
  noteKnown(cls: Function, code: SourceCode, node: Node): void {
    this.known.push({ cls, code, node });
  }

  /** Calls `use` once code has made every one of `cells`: now, if they are all there. */
  whenAllMade(cells: readonly unknown[], use: () => void): void {
    let missing = 1;
    const countDown = (): void => {
      if (--missing === 0) use();
    };
    for (const cell of cells) {
      if (this.value(cell) !== LATER) continue;
      missing++;
      this.whenMade(this.indexOf(cell), countDown);
    }
    countDown();
  }

  /** Calls `place` with the value of a node that is `LATER`, once it is made. */
  whenMade(index: number, place: Place): void {
    const places = this.waiting.get(index);
    if (places === undefined) this.waiting.set(index, [place]);
    else places.push(place);
  }

  /** Code has made the value of a node. */
  settle(index: number, value: unknown): void {
    this.values[index] = value;
    const places = this.waiting.get(index) ?? [];
    this.waiting.delete(index);
    for (const place of places) place(value);
  }

  /** Makes `object` inherit from what the reference leads to, in due time. */
  inherit(object: object, prototype: Reference): void {
    this.prototypes.push({ object, prototype });
  }

  /** Freezes, seals or closes `object` in the end. */
  close(object: object, integrity: number): void {
    this.toClose.push({ object, integrity });
  }

  indexOf(cell: unknown): number {
    const index: unknown = isReference(cell) ? cell[0] : undefined;
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= this.nodes.length)
      throw corrupted("a reference leads out of the table");
    return index;
  }

  nodeAt(index: number): Node {
    const node = this.nodes[index];
    if (!Array.isArray(node) || typeof node[0] !== "number")
      throw corrupted("the table holds something else than nodes");
    return node;
  }

  /** The node that a reference leads to, if it is of this kind. */
  nodeOf(cell: unknown, kind: number): Node {
    const node = this.nodeAt(this.indexOf(cell));
    if (node[0] !== kind) throw corrupted("a reference leads to a node of the wrong kind");
    return node;
  }

  /** The value of a node; its shell is made when it is asked for first. */
  valueAt(index: number): unknown {
    const value = this.values[index];
    return value === ABSENT ? (this.values[index] = makeShell(this, this.nodeAt(index))) : value;
  }

  private setPrototype(object: object, cell: Reference): void {
    this.supply(cell, (prototype) => {
      if (typeof prototype !== "object" && typeof prototype !== "function")
        throw corrupted("a prototype is no object");
      Object.setPrototypeOf(object, prototype);
    });
  }
}
