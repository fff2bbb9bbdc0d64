/** What the bells of a session tell from outside, in whichever of its threads: see transport/bells.ts. */
import type { Bells } from "../../packages/runtime/dist/transport/bells.js";

interface Installed {
  readonly peer: { readonly inbox: { readonly bells: Bells } };
}

/** In the node's line: how many threads are awake. */
const AWAKE_THREADS = 2;

export function bellWords(): Int32Array {
  const key = Symbol.for("@mantajs/runtime/current");
  const runtime = (globalThis as { [key]?: Installed })[key];
  if (runtime === undefined) throw new Error("no session");
  return new Int32Array(runtime.peer.inbox.bells);
}

export const awakeThreads = (): number => Atomics.load(bellWords(), AWAKE_THREADS);
