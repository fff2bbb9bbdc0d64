/** What one small message costs: encoded and decoded once, beside the ways that Node has of its own. */
import { messageRows } from "../messages.ts";
import { rateRow, type Rows } from "./row.ts";

export const rows: Rows = (context) =>
  messageRows().map(({ name, unit, operations, call, against = [] }) =>
    rateRow(context, {
      name,
      recipe: `${operations} times there and back`,
      unit,
      operations,
      targets: against.map((than) => ({ kind: "speed", than })),
      prepare: () => ({ call }),
    }),
  );
