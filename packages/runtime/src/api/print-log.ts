/** Prints a worker's line in the driver, with the task's or actor's name before it. */
import { styleText } from "node:util";

import type { LogRecord } from "../transport/protocol.ts";

export function printLog({ stream, name, workerId, line }: LogRecord): void {
  const target = process[stream];
  const label = `(${name ?? workerId})`;
  const colour = target.isTTY && process.env["NO_COLOR"] === undefined;
  target.write(`${colour ? styleText("cyan", label) : label} ${line}\n`);
}
