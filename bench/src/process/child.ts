/** A row's own process: measures one row and sends the result to the process that forked it. */
import { subjects, type Subject } from "../rows/index.ts";
import type { Context, Sample } from "../rows/row.ts";

/** What the child says. */
export type Answer =
  { readonly ok: true; readonly sample: Sample } | { readonly ok: false; readonly error: string };

const [subject = "", name = "", context = ""] = process.argv.slice(2);

process.on("disconnect", () => process.exit(1)); // the parent is gone: nobody waits for this
try {
  const { rows } = await subjects[subject as Subject](); // passed by the parent, from the same table
  const row = rows(JSON.parse(context) as Context).find((each) => each.name === name);
  if (row === undefined) throw new RangeError(`${subject} has no row ${JSON.stringify(name)}`);
  answer({ ok: true, sample: await row.measure() });
} catch (error) {
  answer({ ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function answer(value: Answer): void {
  process.removeAllListeners("disconnect");
  process.send?.(value, () => process.disconnect());
}
