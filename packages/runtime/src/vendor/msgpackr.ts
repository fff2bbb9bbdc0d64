/** The general packer: an entry of the bundle, loaded by the first value that is not small. */
export { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE } from "msgpackr/pack";
