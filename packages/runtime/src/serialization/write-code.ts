/**
 * Functions, classes, prototypes and imports in the graph: what the functions room says about each, as nodes. The
 * values that code needs are nodes like all others.
 */
import { MantaError } from "../core/errors.ts";
import { classNameOf } from "./builtins.ts";
import { type BindingCell, ImportReference } from "./functions/types.ts";
import { HIDDEN } from "./paths.ts";
import { isPlain } from "./plain.ts";
import type { Registration } from "./reducers.ts";
import { Refused } from "./refused.ts";
import { Kind, type Node } from "./wire.ts";
import type { GraphWriter } from "./write-graph.ts";

export function writeFunction(writer: GraphWriter, fn: Function): Node {
  const parts = writer.dismantle(fn, writer.holder());
  if (parts instanceof ImportReference) return writeImport(writer, parts);
  const { code, values, problems = [] } = parts;
  for (const problem of problems) writer.report(problem);
  const node: Node = [Kind.function, isPlain(code) ? code : writer.reference(code, HIDDEN)];
  for (const { label, value, frame } of values)
    node.push(writer.cell(value, { text: label, throughCode: true, frame }));
  return node;
}

export function writeImport(writer: GraphWriter, { specifier, parent, name }: ImportReference): Node {
  writer.hasImports = true;
  return [Kind.import, specifier, parent, name];
}

/** The `prototype` of a class: found on the other side through the class. */
export function writePrototype(writer: GraphWriter, cls: Function): Node {
  return [Kind.prototype, writer.reference(cls, { text: `class ${cls.name}`, throughCode: true })];
}

/** A captured variable that several closures share. */
export function writeBinding(writer: GraphWriter, binding: BindingCell): Node {
  return [Kind.binding, writer.cell(binding.value, HIDDEN)];
}

/** An instance whose class is registered. */
export function writeRegistered(writer: GraphWriter, value: object, registration: Registration): Node {
  if (registration.type === "serializer") {
    const { serializer } = registration;
    const state = runUserCode(value, "serialize", () => serializer.serialize(value));
    return [
      Kind.custom,
      writer.reference(serializer, { text: " (its serializer)" }),
      writer.cell(state, SERIALIZED),
    ];
  }
  const { reducer } = registration;
  const state = writer.cell(
    runUserCode(value, "reduce", () => reducer.reduce(value)),
    SERIALIZED,
  );
  // A tracked instance is also named by its place in `Encoded.tracked`, from which the receiver may adopt it.
  if (reducer.tracked === true) return [Kind.reduced, reducer.kind, state, writer.tracked.push(value) - 1];
  return [Kind.reduced, reducer.kind, state];
}

const SERIALIZED = { text: " (serialized state)" };

function runUserCode<T>(value: object, name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof MantaError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const what = `an instance of ${classNameOf(value)} whose ${name}() threw: ${message}`;
    throw new Refused({ what, hint: "See the cause." }, error);
  }
}
