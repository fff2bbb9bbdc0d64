import * as tune from "@mantajs/tune";
import { describe, expect, test } from "tstyche";

describe("search spaces", () => {
  test("resolve to the type of their configurations", () => {
    const space = {
      lr: tune.uniform(0, 1),
      units: tune.randint(1, 10),
      act: tune.choice(["relu", "tanh"] as const),
      depth: tune.gridSearch([1, 2, 3]),
      name: "fixed",
      nested: { momentum: tune.loguniform(1e-3, 1) },
    };
    expect<tune.ConfigOf<typeof space>["lr"]>().type.toBe<number>();
    expect<tune.ConfigOf<typeof space>["act"]>().type.toBe<"relu" | "tanh">();
    expect<tune.ConfigOf<typeof space>["depth"]>().type.toBe<1 | 2 | 3>();
    expect<tune.ConfigOf<typeof space>["name"]>().type.toBe<string>();
    expect<tune.ConfigOf<typeof space>["nested"]["momentum"]>().type.toBe<number>();
  });
});

describe("run", () => {
  test("infers bestConfig from the space", () => {
    const train = async (config: { lr: number }): Promise<void> => {
      await tune.report({ loss: config.lr });
    };
    const analysis = tune.run(train, { metric: "loss", mode: "min", config: { lr: tune.uniform(0, 1) } });
    expect<Awaited<typeof analysis>["bestConfig"]>().type.toBe<{ lr: number }>();
  });

  test("refuses a trainable that wants something else than the space gives", () => {
    const train = async (config: { lr: string }): Promise<void> => {
      await tune.report({ loss: config.lr.length });
    };
    expect(tune.run).type.not.toBeCallableWith(train, { config: { lr: tune.uniform(0, 1) } });
  });

  test("knows the metric names of a generator", () => {
    async function* train(config: { lr: number }): AsyncGenerator<{ loss: number }> {
      yield { loss: config.lr };
    }
    expect(tune.run).type.not.toBeCallableWith(train, {
      metric: "los",
      mode: "min",
      config: { lr: tune.uniform(0, 1) },
    });
  });
});
