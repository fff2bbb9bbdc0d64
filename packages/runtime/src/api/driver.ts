/** What a driver needs besides the public functions: an entry of the bundle, loaded while the first threads boot. */
export { Peer } from "../peer/peer.ts";
export { warmUp } from "../serialization/functions/warm-up.ts";
export { Runtime } from "./runtime.ts";
