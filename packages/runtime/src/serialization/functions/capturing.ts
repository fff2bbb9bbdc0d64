/**
 * What the parts of a capture hand to each other: the function at hand with its surroundings, and the parameters,
 * values and changes of the text that its wrapper will need.
 */
import { SerializationError } from "../../core/errors.ts";
import type { Parameter } from "./code.ts";
import { applyEdits, freshNames } from "./edits.ts";
import type { Edit } from "./edits.ts";
import { activeScope } from "./inspect.ts";
import type { CapturedScope } from "./inspector.ts";
import type { FunctionShape } from "./parse.ts";
import type { Reference } from "./scope-analysis.ts";
import type { Script } from "./script.ts";
import type { FunctionValue } from "./types.ts";

/** The function at hand and all that is known of its surroundings. */
export interface Subject {
  readonly fn: Function;
  readonly shape: FunctionShape;
  /** For error messages: `function load (main.ts:11:10)`. */
  readonly title: string;
  readonly script: Script;
  /** Offset of the function's text in the script. */
  readonly offset: number;
  readonly scopes: readonly CapturedScope[];
  readonly holder: object | undefined;
  readonly strict: boolean;
  /** Why captured variables could not be read, and what to do about it. */
  readonly unread?: { readonly reason: string; readonly hint: string } | undefined;
}

/** Collects what the wrapper needs: parameters, values and changes of the text. */
export class Capturing {
  readonly params: Parameter[] = [];
  readonly values: FunctionValue[] = [];
  readonly edits: Edit[] = [];
  readonly problems: SerializationError[] = [];
  readonly fresh: (wish: string) => string;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    this.fresh = freshNames(text);
  }

  /** Adds a value without a name in the code; gives its index. */
  value(value: FunctionValue): number {
    return this.values.push(value) - 1;
  }

  param(name: string, value: FunctionValue): void {
    this.params.push({ name, from: this.value(value) });
  }

  /** Does one step; what makes it fail ends the capture, unless all problems are wanted. */
  attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof SerializationError) || !activeScope().collects) throw error;
      this.problems.push(error);
    }
  }

  /** Writes `expression` in the place of a variable. */
  replace(reference: Reference, expression: string): void {
    const { start, end, name, shorthand, callee } = reference;
    const text = shorthand
      ? `${name}: ${expression}`
      : callee && expression.includes(".")
        ? `(0, ${expression})`
        : expression;
    this.edits.push({ start, end, text });
  }

  /** The text with all changes made. */
  finish(): string {
    return applyEdits(this.text, this.edits);
  }
}

/** A captured value with the place of its first use. The texts are made only when somebody asks. */
export function captured(
  { script, offset }: Pick<Subject, "script" | "offset">,
  name: string,
  { start }: { start: number },
  value: unknown,
  what = "captured",
): FunctionValue {
  return {
    value,
    get label() {
      const written = script.positions.nameAt(offset + start) ?? name;
      return `${what} '${written}' (used at ${script.positions.label(offset + start)})`;
    },
    frame: () => script.positions.frame(offset + start),
  };
}
