/** Reads source maps, as an entry of the bundle: loaded at its first use. */
export { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
