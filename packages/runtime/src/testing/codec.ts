/** Encoding and decoding without a session: an entry of the bundle for tests of the shapes of functions that can travel. */
export { decode, encode, prepare } from "../serialization/codec.ts";
export { setCaptures } from "../serialization/functions/captures.ts";
