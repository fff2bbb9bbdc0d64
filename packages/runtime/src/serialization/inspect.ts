/**
 * `inspectSerializability`: every reason at once why a value cannot be sent, without sending it. Keeps no live value,
 * so that a report in a log holds nothing alive.
 */
import { captureScope } from "./functions/inspect.ts";
import { walkGraph } from "./write-graph.ts";

/** One part of a value that cannot be carried. */
export interface SerializabilityIssue {
  /** Where it is, e.g. `config.db -> class Pool -> captured 'socket'`. */
  readonly path: string;
  /** What is there. */
  readonly what: string;
  /** What to do about it. */
  readonly hint: string;
}

/** What {@link inspectSerializability} found. */
export interface SerializabilityReport {
  readonly serializable: boolean;
  readonly issues: readonly SerializabilityIssue[];
  /** The issues as text, one paragraph each. */
  toString(): string;
}

/**
 * Says whether a value, function or class can be sent to another thread and, if not, names every part that cannot.
 *
 * @param options.name What the report calls the value. Default: `value`.
 * @example
 * console.log(String(inspectSerializability({ socket }, { name: "config" })));
 */
export function inspectSerializability(
  value: unknown,
  options: { readonly name?: string } = {},
): SerializabilityReport {
  const name = options.name ?? "value";
  const { issues } = captureScope(() => walkGraph(value, name, false));
  return report(
    name,
    issues.map(({ path, what, hint }) => ({ path, what, hint })),
  );
}

function report(name: string, issues: readonly SerializabilityIssue[]): SerializabilityReport {
  return {
    serializable: issues.length === 0,
    issues,
    toString: () => {
      if (issues.length === 0) return `${name} can be sent to another thread`;
      const parts = issues.map(({ path, what, hint }) =>
        `${path}: ${what}\nHint: ${hint}`.replaceAll("\n", "\n    "),
      );
      return [`${name} cannot be sent to another thread:`, ...parts].join("\n  ");
    },
  };
}
