/**
 * URLs and their search parameters. `url.searchParams` is a live view of its URL; when both are part of the value they
 * have to be so again on the other side.
 */
import { builtinGetter } from "./builtins.ts";
import { HIDDEN } from "./paths.ts";
import { Kind, type Node, type Reference } from "./wire.ts";
import type { GraphWriter } from "./write-graph.ts";
import { header, pushProperties } from "./write-properties.ts";

/** Position of the text, or of the reference to the URL, in a node of search parameters. */
const TEXT_AT = 3;

/** Which search parameters of a graph belong to which URL of it. */
export class UrlTable {
  private readonly owners = new Map<object, Reference>();
  private readonly params = new Map<object, Node>();

  addUrl(url: URL, reference: Reference): void {
    this.owners.set(url.searchParams, reference);
  }

  addParams(params: object, node: Node): void {
    this.params.set(params, node);
  }

  /** Once the whole graph is known, binds parameters to their URL. */
  link(): void {
    for (const [params, node] of this.params) {
      const owner = this.owners.get(params);
      if (owner !== undefined) node[TEXT_AT] = owner;
    }
  }
}

const hrefOf = builtinGetter(URL.prototype, "href");

/** The node of a URL or URLSearchParams; `undefined` for anything else. */
export function writeUrl(writer: GraphWriter, value: object): Node | undefined {
  if (URL.prototype.isPrototypeOf(value)) {
    const href = textOf(value, hrefOf);
    if (href === undefined) return undefined;
    const node = header(writer, Kind.url, value, "URL");
    node.push(writer.cell(href, HIDDEN));
    writer.urls.addUrl(value as URL, writer.self()); // Its `href` getter has checked that it is one.
    return pushProperties(writer, node, value);
  }
  if (!URLSearchParams.prototype.isPrototypeOf(value)) return undefined;
  const text = textOf(value, (params) => URLSearchParams.prototype.toString.call(params));
  if (text === undefined) return undefined;
  const node = header(writer, Kind.searchParams, value, "URLSearchParams");
  node.push(writer.cell(text, HIDDEN));
  writer.urls.addParams(value, node);
  return pushProperties(writer, node, value);
}

/** What a builtin accessor says; `undefined` for an object that has only inherited from the class's prototype. */
function textOf(value: object, read: (value: object) => unknown): string | undefined {
  try {
    const text: unknown = read(value);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
