/**
 * Identity of unique symbols across threads. A symbol that one payload carries as a key of an instance, and another
 * as a variable of that instance's class, has to be one symbol on the other side; so each gets a name when it first
 * leaves its thread, and each thread keeps one symbol per name for as long as someone there holds it.
 */
import { nanoid } from "nanoid/non-secure";
import { corrupted } from "./packer.ts";
import { SymbolForm } from "./wire.ts";

const names = new WeakMap<symbol, string>();
const symbols = new Map<string, WeakRef<symbol>>();
const collected = new FinalizationRegistry<string>((name) => {
  if (symbols.get(name)?.deref() === undefined) symbols.delete(name);
});

const wellKnown = new Map<string, symbol>();
const wellKnownNames = new Map<symbol, string>();
for (const key of Object.getOwnPropertyNames(Symbol)) {
  const value: unknown = Reflect.get(Symbol, key);
  if (typeof value !== "symbol") continue;
  wellKnown.set(key, value);
  wellKnownNames.set(value, key);
}

const thread = nanoid(10);
let count = 0;

/** Form, identifying text and, for a unique symbol, its description. */
export function symbolParts(symbol: symbol): [form: number, text: string, description?: string | undefined] {
  const wellKnownName = wellKnownNames.get(symbol);
  if (wellKnownName !== undefined) return [SymbolForm.wellKnown, wellKnownName];
  const registryKey = Symbol.keyFor(symbol);
  if (registryKey !== undefined) return [SymbolForm.registry, registryKey];
  return [SymbolForm.unique, nameOf(symbol), symbol.description];
}

/** The inverse of {@link symbolParts}. */
export function symbolFrom(form: unknown, text: string, description: string | undefined): symbol {
  switch (form) {
    case SymbolForm.registry:
      return Symbol.for(text);
    case SymbolForm.wellKnown: {
      const symbol = wellKnown.get(text);
      if (symbol === undefined) throw corrupted(`there is no well-known symbol ${JSON.stringify(text)}`);
      return symbol;
    }
    case SymbolForm.unique: {
      const known = symbols.get(text)?.deref();
      if (known !== undefined) return known;
      const symbol = Symbol(description);
      remember(symbol, text);
      return symbol;
    }
    default:
      throw corrupted("a symbol has an unknown form");
  }
}

function nameOf(symbol: symbol): string {
  const known = names.get(symbol);
  if (known !== undefined) return known;
  const name = `${thread}:${++count}`;
  remember(symbol, name);
  return name;
}

function remember(symbol: symbol, name: string): void {
  names.set(symbol, name);
  symbols.set(name, new WeakRef(symbol));
  collected.register(symbol, name);
}
