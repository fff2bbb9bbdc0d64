/**
 * A function as source text and values: the last way to send one, when it cannot be named. The work is done by the
 * rooms around; this one puts their answers together.
 */
import { Capturing } from "./capturing.ts";
import type { Subject } from "./capturing.ts";
import { captureVariables } from "./free-variables.ts";
import { rewriteClass } from "./class-source.ts";
import type { SourceCode } from "./code.ts";
import { identify, nextCapture } from "./identity.ts";
import { lineBreaks } from "./line-alignment.ts";
import { carryProperties } from "./overlays.ts";
import { parseFunction, UnparsableFunction } from "./parse.ts";
import type { FunctionShape } from "./parse.ts";
import { filePath } from "./script-names.ts";
import type { Place } from "./positions.ts";
import { cannotSend } from "./problems.ts";
import { isConstructor } from "./prototypes.ts";
import { describeScript } from "./script.ts";
import type { Script } from "./script.ts";
import { captureSurroundings } from "./surroundings.ts";
import type { FunctionParts } from "./types.ts";

/** The parts of a function whose surroundings are known. `first` is where it begins in the user's file. */
export function byValue(subject: Subject, first: Place): FunctionParts {
  const { fn, shape, script, offset } = subject;
  const into = new Capturing(shape.text);
  const rewritten = rewriteClass(subject, into);
  captureVariables(subject, into, rewritten.replaced);
  const { superPrototype, methodKey } = captureSurroundings(subject, into);
  if (script.positions.mapped) {
    into.edits.push(...lineBreaks(shape.text, shape.statements, offset, first, script.positions));
  }
  const carried = carryProperties(fn, shape, into);
  const name = Object.getOwnPropertyDescriptor(fn, "name")?.value as unknown;
  const constructs = isConstructor(fn, shape);
  const code: SourceCode = {
    kind: shape.form === "class" ? "class" : "function",
    source: into.finish(),
    ...(constructs && { classId: identify(fn) }),
    capture: constructs ? nextCapture() : undefined,
    form: shape.form,
    strict: subject.strict,
    name: methodKey ?? (typeof name === "string" ? name : undefined),
    home: script.home,
    url: shownUrl(first.url),
    line: first.line,
    column: first.column,
    params: into.params,
    ...carried,
    superPrototype,
    base: rewritten.base,
    importRoot: rewritten.importRoot,
  };
  const { values, problems } = into;
  return problems.length === 0 ? { code, values } : { code, values, problems };
}

/** How stacks name the file: as Node does, paths for CommonJS and URLs for modules. */
function shownUrl(url: string): string {
  if (url === "") return "[anonymous]";
  return url.startsWith("file:") ? url : (filePath(url) ?? url);
}

/** V8 gives plain sloppy functions own `caller` properties; for the rest the file decides. */
export function isStrict(fn: Function, text: string, script: Script): boolean {
  if (script.strict || text.startsWith("class")) return true;
  return (
    Object.hasOwn(fn, "prototype") && !Object.hasOwn(fn, "caller") && !/^(?:async\b|function\s*\*)/.test(text)
  );
}

/** Parses the text of a function; a text that cannot be read is an error about the function. */
export function parseSubject(fn: Function, text: string, strict: boolean, title: string): FunctionShape {
  try {
    // `{ function() {} }.function` has the text of an anonymous function, but no prototype.
    const isMethod = /^function\s*\(/.test(text) && !Object.hasOwn(fn, "prototype");
    return parseFunction(text, strict, isMethod);
  } catch (error) {
    if (!(error instanceof UnparsableFunction)) throw error;
    throw cannotSend(
      {
        subject: title,
        reason: `its source cannot be read: ${error.message}`,
        hint: "if it is nested thousands of levels deep, or uses syntax newer than ES2026, move it to a module of its own and export it.",
      },
      { cause: error },
    );
  }
}

/** Stands for the script of a function that has none: made by eval or `new Function`. */
export function unknownScript(text: string): Script {
  return describeScript(
    { scriptId: "", url: "", sourceMapURL: "", startLine: 0, startColumn: 0, isModule: false },
    text,
  );
}
