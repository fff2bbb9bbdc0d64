/**
 * Finds instances whose serialized state leads back to themselves. `deserialize` needs its whole state before it can
 * make the instance, so such a value could only be decoded with a hole in it; the writer refuses it instead. A cycle
 * through a function is fine: a function takes what it captures later.
 * Tarjan's strongly connected components (https://doi.org/10.1137/0201010), with an explicit stack.
 */
import { isReference, Kind, type Node } from "./wire.ts";

/** Indices of the reduced nodes that lie on a cycle. */
export function reducedOnCycle(nodes: readonly Node[]): readonly number[] {
  return nodes.some(hasComplexState) ? new Components(nodes).search() : [];
}

/** Whether the state of a reduced node is more than a primitive. Most are not: object refs travel as their id. */
function hasComplexState(node: Node): boolean {
  return (node[0] === Kind.reduced || node[0] === Kind.custom) && isReference(node[2]);
}

interface Frame {
  readonly index: number;
  at: number;
}

class Components {
  private readonly nodes: readonly Node[];
  /** Order of discovery, from 1. */
  private readonly order: Uint32Array;
  private readonly lowest: Uint32Array;
  private readonly isOpen: Uint8Array;
  private readonly open: number[] = [];
  private readonly frames: Frame[] = [];
  private readonly found: number[] = [];
  private count = 0;

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
    this.order = new Uint32Array(nodes.length);
    this.lowest = new Uint32Array(nodes.length);
    this.isOpen = new Uint8Array(nodes.length);
  }

  search(): readonly number[] {
    for (const [index, node] of this.nodes.entries()) {
      if (hasComplexState(node) && this.order[index] === 0) this.searchFrom(index);
    }
    return this.found;
  }

  private searchFrom(root: number): void {
    this.enter(root);
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      const child = this.nextChild(frame);
      if (child === undefined) this.leave(frame.index);
      else if (this.order[child] === 0) this.enter(child);
      else if (this.isOpen[child] === 1) this.lower(frame.index, this.order[child] ?? 0);
    }
  }

  private enter(index: number): void {
    this.order[index] = this.lowest[index] = ++this.count;
    this.isOpen[index] = 1;
    this.open.push(index);
    this.frames.push({ index, at: 1 });
  }

  private nextChild(frame: Frame): number | undefined {
    const node = this.nodes[frame.index] ?? [];
    if (node[0] === Kind.function) return undefined;
    while (frame.at < node.length) {
      const entry = node[frame.at++];
      if (isReference(entry)) return entry[0];
    }
    return undefined;
  }

  private leave(index: number): void {
    this.frames.pop();
    const parent = this.frames.at(-1);
    if (parent !== undefined) this.lower(parent.index, this.lowest[index] ?? 0);
    if (this.lowest[index] === this.order[index]) this.closeComponent(index);
  }

  private lower(index: number, order: number): void {
    this.lowest[index] = Math.min(this.lowest[index] ?? 0, order);
  }

  private closeComponent(root: number): void {
    const members = this.open.splice(this.open.lastIndexOf(root));
    for (const member of members) this.isOpen[member] = 0;
    if (members.length === 1 && !this.refersToItself(root)) return;
    for (const member of members) if (hasComplexState(this.nodes[member] ?? [])) this.found.push(member);
  }

  private refersToItself(index: number): boolean {
    return (this.nodes[index] ?? []).some((entry) => isReference(entry) && entry[0] === index);
  }
}
