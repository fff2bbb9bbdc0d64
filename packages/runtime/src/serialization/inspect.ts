/**
 * `inspectSerializability`: every reason at once why a value cannot be sent, without sending it. Keeps no live value,
 * so that a report in a log holds nothing alive.
 */
import { captureScope } from "./functions/inspect.ts";
import { writing } from "./writing.ts";

/** One part of a value that cannot be carried. */
export interface SerializabilityIssue {
  /** Where it is, e.g. `config.db -> class Pool -> captured 'socket'`. */
  readonly path: string;
  /** What is there. */
  readonly what: string;
  /** What to do about it. */
  readonly hint: string;
  /** The user's source around the place, with a caret, when it lies in code. */
  readonly frame?: string;
}

/** What {@link inspectSerializability} found. */
export interface SerializabilityReport {
  readonly serializable: boolean;
  readonly issues: readonly SerializabilityIssue[];
  /** The issues as text, one paragraph each. */
  toString(): string;
}

/**
 * Says whether a value, function or class can be sent to another thread and, if not, names every part that cannot. It
 * prints what it found, and gives it back.
 *
 * @param options.name What the report calls the value. Default: `value`.
 * @param options.print `false` to print nothing, or a function that takes the text. Default: `console.log`.
 * @example
 * const { serializable, issues } = inspectSerializability({ socket }, { name: "config" });
 */
export function inspectSerializability(
  value: unknown,
  options: { readonly name?: string; readonly print?: false | ((text: string) => void) } = {},
): SerializabilityReport {
  const name = options.name ?? "value";
  const { issues } = captureScope(() => writing().walkGraph(value, name, false), { collects: true });
  const found = report(
    name,
    issues.map(({ path, what, hint, frame }) => ({
      path,
      what,
      hint,
      ...(frame !== undefined && { frame }),
    })),
  );
  // oxlint-disable-next-line no-console -- printing is what it is called for, as in Ray
  if (options.print !== false) (options.print ?? console.log)(found.toString());
  return found;
}

function report(name: string, issues: readonly SerializabilityIssue[]): SerializabilityReport {
  return {
    serializable: issues.length === 0,
    issues,
    toString: () => {
      if (issues.length === 0) return `${name} can be sent to another thread`;
      const parts = issues.map(({ path, what, frame, hint }) =>
        // What the functions room says has its frame in it.
        [`${path}: ${what}`, ...(frame === undefined || what.includes(frame) ? [] : [frame]), `Hint: ${hint}`]
          .join("\n")
          .replaceAll("\n", "\n    "),
      );
      return [`${name} cannot be sent to another thread:`, ...parts].join("\n  ");
    },
  };
}
