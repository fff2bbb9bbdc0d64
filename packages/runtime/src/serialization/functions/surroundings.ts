/**
 * What a function takes from around it that is no variable: `arguments`, `this`, `super` and `new.target` of an outer
 * function, private names of a class, `import.meta`. Some can be carried; for the rest there is a clear error.
 */
import type { Capturing, Subject } from "./capturing.ts";
import { fieldReceiver } from "./field-receiver.ts";
import { cannotSend } from "./problems.ts";
import type { OuterUse } from "./scope-analysis.ts";

export interface Surroundings {
  /** Index of the prototype of the home object of a method that uses `super`. */
  readonly superPrototype: number | undefined;
  /** Name of a method whose key was computed. */
  readonly methodKey: string | undefined;
}

/** Carries what can be carried. Throws SerializationError for the rest. */
export function captureSurroundings(subject: Subject, into: Capturing): Surroundings {
  const { shape, fn, holder } = subject;
  const { foreignPrivate } = shape;
  if (foreignPrivate !== undefined) {
    into.attempt(() =>
      refuse(
        subject,
        foreignPrivate.start,
        `it uses the private member #${foreignPrivate.name} of a class around it`,
        "send the class, or make the function in a method of the class in the worker.",
      ),
    );
  }
  for (const range of shape.importMeta) into.edits.push({ ...range, text: metaName(into) });
  captureImports(subject, into);
  for (const use of shape.outer) into.attempt(() => captureOuter(subject, into, use));
  let superPrototype: number | undefined;
  if (shape.usesSuper) {
    if (holder === undefined) {
      refuse(
        subject,
        0,
        "it is a method that uses super, and the object that it belongs to is not known",
        "send the object instead of the detached method, and call the method there.",
      );
    }
    superPrototype = into.value({ label: "super", value: Object.getPrototypeOf(holder) as unknown });
  }
  if (shape.computedKey === undefined) return { superPrototype, methodKey: undefined };
  into.edits.push({ ...shape.computedKey, text: JSON.stringify(fn.name) });
  return { superPrototype, methodKey: fn.name };
}

/** `import()` means what it means in the user's file, whatever file the code is compiled as. */
function captureImports({ shape }: Subject, into: Capturing): void {
  if (shape.dynamicImports.length === 0) return;
  const name = into.fresh("import");
  into.params.push({ name, from: "import" });
  for (const range of shape.dynamicImports) into.edits.push({ ...range, text: name });
}

function metaName(into: Capturing): string {
  const known = into.params.find(({ from }) => from === "meta");
  if (known !== undefined) return known.name;
  const name = into.fresh("importMeta");
  into.params.push({ name, from: "meta" });
  return name;
}

function captureOuter(subject: Subject, into: Capturing, use: OuterUse): void {
  const { scopes, shape } = subject;
  const { start, end, what } = use;
  const place = (text: string): void => {
    into.edits.push({ start, end, text: use.shorthand ? `arguments: ${text}` : text });
  };
  // The receiver of a plain function is its own: only arrows look further.
  if (shape.form !== "arrow") return;
  if (what === "arguments") {
    const scope = scopes.find(
      ({ kind, variables }) => kind !== "Global" && Object.hasOwn(variables, "arguments"),
    );
    if (scope !== undefined) {
      const known = into.params.find(({ from }) => Array.isArray(from));
      const name = known?.name ?? into.fresh("arguments");
      if (known === undefined) {
        const list = scope.variables["arguments"] as ArrayLike<unknown>; // Only a function's own object has this name.
        const from = Array.from(list, (value, at) =>
          into.value({ label: `captured 'arguments[${at}]'`, value }),
        );
        into.params.push({ name, from });
      }
      place(name);
      return;
    }
    refuse(
      subject,
      start,
      "it uses the arguments of a function around it",
      "take them as a rest parameter: (...args) =>.",
    );
  }
  if (what === "this") {
    const receiver = fieldReceiver(subject, start);
    if (receiver !== undefined) {
      const name =
        into.params.find(({ name: known }) => known.startsWith("$this"))?.name ?? into.fresh("this");
      if (receiver.value === undefined) place("undefined");
      else {
        if (!into.params.some(({ name: known }) => known === name)) {
          into.param(name, { label: "this", value: receiver.value });
        }
        place(name);
      }
      return;
    }
  }
  const hints = {
    this: "use a variable instead: const self = this; and self in the function.",
    super: "call the method of the base class in a method of its own.",
    "new.target": "keep it in a variable: const target = new.target.",
  };
  refuse(
    subject,
    start,
    `it uses '${what}' of the function around it, which cannot be read from outside`,
    hints[what],
  );
}

function refuse({ title, script, offset }: Subject, start: number, reason: string, hint: string): never {
  throw cannotSend({
    subject: title,
    reason: `${reason} (${script.positions.label(offset + start)})`,
    frame: script.positions.frame(offset + start),
    hint,
  });
}
