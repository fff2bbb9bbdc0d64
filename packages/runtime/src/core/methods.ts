/** The methods of a class, inherited ones too: the functions on its prototypes, the constructor apart. */
export function* methodsOf(cls: {
  readonly prototype: unknown;
}): Generator<readonly [name: string, method: Function]> {
  for (
    let proto = cls.prototype;
    typeof proto === "object" && proto !== null && proto !== Object.prototype;
    proto = Object.getPrototypeOf(proto)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (typeof value === "function" && name !== "constructor") yield [name, value as Function];
    }
  }
}
