/**
 * What a part of a node table says, as a short text: the same for the same value in another table, where the indices
 * are others. Two values have the same digest by chance once in 2 ** 53.
 */
import type { GraphReader } from "./read-graph.ts";
import { isReference, Kind, type Node } from "./wire.ts";

/** The digest of the values of `cells`. Classes count by their identity, memory that is shared by its length. */
export function digestOf(reader: GraphReader, cells: readonly unknown[]): string {
  const digest = new Digest();
  const numbers = new Map<number, number>();
  const queue: Node[] = [[...cells]];
  const add = (entry: unknown): void => {
    if (!isReference(entry)) return digest.add(entry);
    const index = reader.indexOf(entry);
    const known = numbers.get(index);
    digest.add(`[${known ?? numbers.size}]`);
    if (known !== undefined) return;
    numbers.set(index, numbers.size);
    queue.push(reader.nodeAt(index));
  };
  for (const node of queue) {
    digest.add(`(${node.length})`);
    for (const entry of told(reader, node)) add(entry);
  }
  return digest.toString();
}

/** The entries that tell something about the value; those that only this table understands are replaced. */
function told(reader: GraphReader, node: Node): readonly unknown[] {
  switch (node[0]) {
    case Kind.function: {
      const classId = idOf(node[1]);
      return classId === undefined ? node : [classId];
    }
    case Kind.store: {
      const [bytes] = node.slice(-1);
      const buffer = typeof bytes === "number" ? reader.buffers[bytes] : undefined;
      return buffer === undefined ? node : [...node.slice(0, -1), new Uint8Array(buffer)];
    }
    case Kind.sharedBuffer:
      return node.map((entry, at) => (at === 3 ? reader.buffers[Number(entry)]?.byteLength : entry));
    case Kind.reduced:
      return node.slice(0, 3);
    default:
      return node;
  }
}

function idOf(code: unknown): unknown {
  return typeof code === "object" && code !== null ? Reflect.get(code, "classId") : undefined;
}

/** Two sums of 32 bits over everything that is added. */
class Digest {
  private low = 0xdeadbeef;
  private high = 0x41c6ce57;
  private count = 0;

  add(entry: unknown): void {
    if (entry instanceof Uint8Array) {
      for (const byte of entry) this.mix(byte);
      return;
    }
    const text =
      typeof entry === "object" && entry !== null
        ? JSON.stringify(entry, inText)
        : `${typeof entry} ${String(entry)}`;
    this.mix(text.length);
    for (let at = 0; at < text.length; at++) this.mix(text.charCodeAt(at));
  }

  toString(): string {
    return `${(this.low >>> 0).toString(36)}.${(this.high >>> 0).toString(36)}.${this.count}`;
  }

  private mix(value: number): void {
    this.count++;
    this.low = Math.imul(this.low ^ value, 2654435761);
    this.low ^= this.low >>> 15;
    this.high = Math.imul(this.high ^ value, 1597334677);
    this.high ^= this.high >>> 13;
  }
}

function inText(_key: string, entry: unknown): unknown {
  if (typeof entry === "bigint") return `${entry}n`;
  return entry instanceof Uint8Array ? [...entry] : entry;
}
