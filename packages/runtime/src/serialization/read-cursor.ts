/**
 * Reads one node from left to right and checks everything it finds: a node may come from damaged bytes.
 */
import { corrupted } from "./packer.ts";
import { fromCodeUnits } from "./text.ts";
import { type Node, type Reference, isReference, ScalarTag } from "./wire.ts";

export class Cursor {
  private readonly node: Node;
  private at: number;

  constructor(node: Node, at: number) {
    this.node = node;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.node.length;
  }

  /** The next entry, whatever it is. */
  next(): unknown {
    if (this.at >= this.node.length) throw corrupted("a node ends too early");
    return this.node[this.at++];
  }

  string(): string {
    const entry = this.next();
    const value =
      typeof entry === "object" && entry !== null && !isReference(entry) ? scalarOf(entry) : entry;
    if (typeof value !== "string") throw corrupted("a node lacks a text");
    return value;
  }

  optionalString(): string | undefined {
    if (this.node[this.at] !== undefined) return this.string();
    this.at++;
    return undefined;
  }

  number(): number {
    const value = this.next();
    if (typeof value !== "number") throw corrupted("a node lacks a number");
    return value;
  }

  /** A whole number from 0 to `limit`. */
  count(limit: number): number {
    const value = this.number();
    if (!Number.isInteger(value) || value < 0 || value > limit) throw corrupted("a count is out of range");
    return value;
  }

  reference(): Reference {
    const entry = this.next();
    if (!isReference(entry)) throw corrupted("a node lacks a reference");
    return entry;
  }

  /** Position of the next entry. */
  get position(): number {
    return this.at;
  }

  /** How many entries are left. */
  get left(): number {
    return this.node.length - this.at;
  }
}

/** The primitive of a cell that is no reference. */
export function scalarOf(cell: unknown): unknown {
  if (typeof cell !== "object" || cell === null) return cell;
  if (!Array.isArray(cell) || cell.length !== 2) throw corrupted("a cell is neither a value nor a reference");
  const [tag, payload] = cell as [unknown, unknown];
  if (tag === ScalarTag.negativeZero) return -0;
  if (tag === ScalarTag.codeUnits && payload instanceof Uint8Array) return fromCodeUnits(payload);
  if (tag === ScalarTag.bigint && typeof payload === "string") return bigintOf(payload);
  throw corrupted("a cell has an unknown tag");
}

function bigintOf(text: string): bigint {
  if (!/^-?[0-9a-f]+$/.test(text)) throw corrupted("a bigint is not hexadecimal");
  return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}
