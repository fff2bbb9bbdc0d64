/**
 * The general way of a value to bytes, for what the fast path leaves: an entry of the bundle. Many threads, workers
 * above all, never send anything but small plain values.
 */
import { captureScope } from "./functions/inspect.ts";
import { pack, plainOf } from "./packer.ts";
import { isPlain } from "./plain.ts";
import type { Encoded, EncodeOptions } from "./types.ts";
import { GRAPH_MARK, GraphFlag } from "./wire.ts";
import { toError, walkGraph } from "./write-graph.ts";

export { heaviest } from "./functions/heaviest.ts";
export { warnOnce } from "./functions/problems.ts";
export { referenceTo } from "./functions/references.ts";
export { walkGraph } from "./write-graph.ts";

/** As `encode` of the codec. */
export function encodeAny(value: unknown, options: EncodeOptions): Encoded {
  if (isPlain(value)) return plainOf(pack(value, [], options.allocate));
  return captureScope(() => encodeGraph(value, options));
}

function encodeGraph(value: unknown, { label, allocate, isOfStore }: EncodeOptions): Encoded {
  const { walk, issues } = walkGraph(value, label, true, isOfStore);
  const [issue] = issues;
  if (issue !== undefined) throw toError(issue);
  const buffers = walk.stores.seal(allocate);
  const flags = walk.hasImports ? GraphFlag.imports : 0;
  const bytes = pack([walk.root, walk.nodes], [GRAPH_MARK, flags], allocate);
  return { bytes, buffers, tracked: walk.tracked };
}
