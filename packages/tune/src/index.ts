export { randomStream } from "./random.ts";
