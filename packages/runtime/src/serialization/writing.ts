/** The writer of everything but small plain values, loaded at its first use. */
import { load } from "../core/load.ts";
import type * as Write from "./write.ts";

export const writing: () => typeof Write = load("../serialization/write.js");
