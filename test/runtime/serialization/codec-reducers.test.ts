import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  deregisterSerializer,
  registerReducer,
  registerSerializer,
} from "../../../packages/runtime/dist/serialization/codec.js";
import { decode, Echo, pack, refusal, roundTrip } from "./codec-harness.ts";

class Ref {
  readonly #id: string;
  constructor(id: string) {
    this.#id = id;
  }
  get id(): string {
    return this.#id;
  }
}
registerReducer<Ref, string>({
  kind: "test.Ref",
  class: Ref,
  tracked: true,
  reduce: (ref) => ref.id,
  revive: (id) => new Ref(id),
});

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

describe("reducers", () => {
  it("carry an instance as its state", () => {
    const back = roundTrip({ ref: new Ref("r1"), list: [new Ref("r2")] });
    expect(back.ref).toBeInstanceOf(Ref);
    expect([back.ref.id, back.list[0]?.id]).toEqual(["r1", "r2"]);
  });

  it("list tracked instances once each, in the order in which they are met", () => {
    const [a, b, c] = [new Ref("a"), new Ref("b"), new Ref("c")];
    expect(pack([a, b, a, new Map([[b, c]]), a]).tracked).toEqual([a, b, c]);
    expect(pack([1, { plain: true }]).tracked).toEqual([]);
  });

  it("keep identity and the order of keys in a Map", () => {
    const [a, b] = [new Ref("a"), new Ref("b")];
    const back = roundTrip(
      new Map<unknown, unknown>([
        [a, 1],
        ["plain", b],
        [b, a],
      ]),
    );
    const [[first], [, second], [third, fourth]] = [...back] as [[Ref, unknown], [unknown, Ref], [Ref, Ref]];
    expect([first.id, second.id]).toEqual(["a", "b"]);
    expect([third, fourth]).toEqual([second, first]);
    expect(third).toBe(second);
  });

  it("may be registered again for the same class, and not for another under the same kind", () => {
    const reducer = { kind: "test.Again", class: Money, reduce: () => 0, revive: () => new Money(0) };
    registerReducer(reducer);
    registerReducer({ ...reducer, revive: () => new Money(7) });
    expect(roundTrip(new Money(1)).cents).toBe(7);
    class Other {
      readonly own = 1;
    }
    expect(() => {
      registerReducer({ ...reducer, class: Other, revive: () => new Other() });
    }).toThrow(/"test.Again" is taken by class Money/);
    expect(() => {
      registerSerializer(Money, { serialize: () => 0, deserialize: () => new Money(0) });
    }).toThrow(/the runtime itself carries this class/);
  });
});

describe("serializers", () => {
  class Account {
    readonly #owner: string;
    readonly #balance: number;
    constructor(owner: string, balance: number) {
      this.#owner = owner;
      this.#balance = balance;
    }
    get summary(): string {
      return `${this.#owner}: ${this.#balance}`;
    }
    get state(): [string, number] {
      return [this.#owner, this.#balance];
    }
  }
  const serializer = {
    serialize: (account: Account) => account.state,
    deserialize: ([owner, balance]: [string, number]) => new Account(owner, balance),
  };
  afterEach(() => {
    deregisterSerializer(Account);
  });

  it("carry a class with #private state", () => {
    registerSerializer(Account, serializer);
    const back = roundTrip([new Account("ann", 5)]);
    expect(back[0]).toBeInstanceOf(Account);
    expect(back[0]?.summary).toBe("ann: 5");
  });

  it("may be replaced and taken back", () => {
    registerSerializer(Account, serializer);
    registerSerializer(Account, { ...serializer, deserialize: () => new Account("other", 1) });
    expect(roundTrip(new Account("ann", 5)).summary).toBe("other: 1");
    deregisterSerializer(Account);
    expect(refusal(new Account("ann", 5)).message).toMatch(/private state/);
  });

  it("hold for exactly one class", () => {
    class Savings extends Account {}
    registerSerializer(Account, serializer);
    expect(refusal({ a: new Savings("ann", 5) })).toMatchObject({
      path: "args.a",
      message: expect.stringMatching(/Savings, a subclass of Account.*registerSerializer\(Savings/) as string,
    });
  });

  it("name the path into the state", () => {
    registerSerializer(Account, { ...serializer, serialize: () => ({ wait: Promise.resolve(1) }) as never });
    expect(refusal([new Account("ann", 5)]).path).toBe("args[0] (serialized state).wait");
  });

  it("that throw are named, with the cause", () => {
    registerSerializer(Account, {
      ...serializer,
      serialize: () => {
        throw new RangeError("no state");
      },
    });
    const { path, message } = refusal([new Account("ann", 5)]);
    expect(path).toBe("args[0]");
    expect(message).toMatch(/an instance of Account whose serialize\(\) threw: no state/);
  });

  it("are refused for what is no class, and for Object and Array", () => {
    expect(() => {
      registerSerializer(Object, { serialize: () => 0, deserialize: () => ({}) });
    }).toThrow(/Object and Array always travel by their contents/);
    expect(() => {
      registerSerializer((() => 0) as never, serializer as never);
    }).toThrow(/must be a class/);
    expect(() => {
      registerSerializer(Account, { serialize: serializer.serialize } as never);
    }).toThrow(/deserialize.*must be a function/);
  });

  it("refuse a state that leads back to its instance", () => {
    class Tree {
      readonly #children: Tree[] = [];
      readonly parent: Tree | undefined;
      constructor(parent?: Tree) {
        this.parent = parent;
        if (parent !== undefined) parent.#children.push(this);
      }
      get children(): Tree[] {
        return this.#children;
      }
    }
    registerSerializer(Tree, {
      serialize: (tree) => ({ parent: tree.parent, children: tree.children }),
      deserialize: ({ parent }) => new Tree(parent),
    });
    const root = new Tree();
    const child = new Tree(root);
    expect(refusal({ root: child.parent })).toMatchObject({
      path: "args.root",
      message: expect.stringMatching(/state leads back to the instance itself/) as string,
    });
    deregisterSerializer(Tree);
  });

  it("see the whole state, functions in it included, also on a cycle through a function", () => {
    class Job {
      readonly #run: () => number;
      constructor(run: () => number) {
        this.#run = run;
      }
      get run(): () => number {
        return this.#run;
      }
    }
    registerSerializer(Job, {
      serialize: (job) => ({ nested: { run: job.run } }),
      deserialize: ({ nested }) => {
        if (typeof nested.run !== "function") throw new Error("the state is incomplete");
        return new Job(nested.run);
      },
    });
    const job: Job = new Job(() => (job instanceof Job ? 1 : 0));
    for (const value of [{ job }, { run: job.run, job }, { run: job.run }]) {
      expect((decode(pack(value)) as { job?: Job; run?: () => number }).run?.() ?? 1).toBe(1);
    }
    deregisterSerializer(Job);
  });
});

describe("an error class with a serializer", () => {
  class CodeError extends Error {
    readonly code: number;
    constructor(code: number) {
      super(`code ${code}`);
      this.code = code;
    }
  }
  afterEach(() => {
    deregisterSerializer(CodeError);
  });

  it("travels by it", () => {
    registerSerializer(CodeError, { serialize: () => 7, deserialize: (code: number) => new CodeError(code) });
    expect(roundTrip(new CodeError(1)).code).toBe(7);
  });

  it("travels like other errors when it fails", () => {
    const deserialize = (): CodeError => new CodeError(0);
    const fails = (): never => {
      throw new Error("no");
    };
    for (const serialize of [fails, () => [Promise.resolve(1)]] as const) {
      registerSerializer(CodeError, { serialize, deserialize });
      const back = roundTrip({ error: new CodeError(3) }).error;
      expect(back).toMatchObject({ message: "code 3", code: 3 });
      expect(back).toBeInstanceOf(Error);
    }
  });
});

describe("in another thread", () => {
  const echo = new Echo();
  afterAll(() => echo.close());

  it("a serializer travels with the value, and serves on the way back", async () => {
    class Vault {
      readonly #code: number;
      constructor(code: number) {
        this.#code = code;
      }
      get code(): number {
        return this.#code;
      }
      static of(code: number): Vault {
        return new Vault(code);
      }
    }
    registerSerializer(Vault, {
      serialize: (vault) => vault.code,
      deserialize: (code: number) => Vault.of(code),
    });
    const back = await echo.run((vault: Vault) => [vault, Vault.of(vault.code + 1)], new Vault(41));
    expect(back.every((vault) => vault instanceof Vault)).toBe(true);
    expect(back.map((vault) => vault.code)).toEqual([41, 42]);
    deregisterSerializer(Vault);
  });

  it("a kind that is not registered there is named", async () => {
    await expect(echo.run(() => 1, new Ref("r"))).rejects.toThrow(/kind "test.Ref".*registerReducer/);
  });
});
