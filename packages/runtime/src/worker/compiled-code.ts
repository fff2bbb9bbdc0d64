/**
 * Compiled code, shared by the workers of a session: V8 compiles the files of a worker once, for the first one that has
 * the time to write down what came out. Only code of this package is in it, and only this process ever sees it.
 */
import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname } from "node:path";
import { Script } from "node:vm";

/** Written once: the state, the bytes of each file's code, then the code. */
export type CompiledCode = SharedArrayBuffer;

/** More than twice what it comes to; memory that nobody writes to costs nothing. */
const BYTES = 4 * 1024 * 1024;
const HEAD_BYTES = 64;
const EMPTY = 0;
const CLAIMED = 1;
const WRITTEN = 2;

export function makeCompiledCode(): CompiledCode {
  return new SharedArrayBuffer(BYTES);
}

/** The code of so many files, if it was written. A copy: V8 reads no shared memory. */
function codeIn(memory: CompiledCode, files: number): Buffer[] {
  const words = new Int32Array(memory, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT);
  if (Atomics.load(words, 0) !== WRITTEN) return [];
  let at = HEAD_BYTES;
  return Array.from({ length: files }, (_, index) => {
    const bytes = words[index + 1] ?? 0;
    const code = Buffer.from(Buffer.from(memory, at, bytes));
    at += bytes;
    return code;
  });
}

/** Writes what V8 has compiled of these scripts so far, unless another thread has or does. */
export function writeCode(memory: CompiledCode, scripts: readonly Script[]): void {
  const words = new Int32Array(memory, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT);
  if (Atomics.compareExchange(words, 0, EMPTY, CLAIMED) !== EMPTY) return;
  const codes = scripts.map((script) => script.createCachedData());
  if (codes.reduce((sum, { length }) => sum + length, HEAD_BYTES) > memory.byteLength) return;
  let at = HEAD_BYTES;
  for (const [index, code] of codes.entries()) {
    Buffer.from(memory, at, code.length).set(code);
    words[index + 1] = code.length;
    at += code.length;
  }
  Atomics.store(words, 0, WRITTEN);
}

/** Loads CommonJS files in this order, as `require` does, with their code if it is there. */
export function loadCompiled(files: readonly string[], memory: CompiledCode): Script[] {
  const codes = codeIn(memory, files.length);
  return files.map((file, index) => {
    const cachedData = codes[index];
    const script = new Script(Module.wrap(readFileSync(file, "latin1")), {
      filename: file,
      columnOffset: -Module.wrap("").indexOf("\n"),
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    const module = new Module(file);
    module.filename = file;
    const require = createRequire(file);
    require.cache[file] = module;
    const run = script.runInThisContext() as (...given: unknown[]) => void; // the wrapper of a module
    run.call(module.exports, module.exports, require, module, file, dirname(file));
    module.loaded = true;
    return script;
  });
}
