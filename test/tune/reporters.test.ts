import { describe, expect, it } from "vitest";

import { CLIReporter } from "../../packages/tune/dist/reporters/cli-reporter.js";
import type { CLIReporterOptions } from "../../packages/tune/dist/reporters/options.js";
import { bestSoFar } from "../../packages/tune/dist/reporters/progress.js";
import type { ProgressState, ReporterSetup } from "../../packages/tune/dist/reporters/types.js";
import type { TrialView } from "../../packages/tune/dist/trial/types.js";
import { Log, ManualClock, Terminal } from "./fixtures/screen.ts";
import { recordOf, trialView } from "./fixtures/trial-views.ts";

const info: ReporterSetup = {
  experimentName: "mnist",
  experimentPath: "/results/mnist",
  metric: "accuracy",
  mode: "max",
  totalTrials: 4,
};

const running = recordOf(
  "a",
  { lr: 0.0123456, hiddenUnits: 64 },
  [{ epoch: 0, loss: 1.23456, accuracy: 0.75 }],
  {
    status: "RUNNING",
  },
).trial;
const paused = recordOf("b", { lr: 0.1, hiddenUnits: 128 }, [{ epoch: 0, loss: 2, accuracy: 0.5 }], {
  status: "PAUSED",
}).trial;
const pending = trialView("c", { lr: 0.05, hiddenUnits: 32 }, { status: "PENDING" });
const failed = trialView(
  "d",
  { lr: 0.5, hiddenUnits: 32 },
  { status: "ERROR", error: new Error("loss is NaN\n    at train"), numFailures: 1 },
);

function stateOf(trials: readonly TrialView[], rest: Partial<ProgressState> = {}): ProgressState {
  return {
    trials,
    metric: "accuracy",
    mode: "max",
    best: bestSoFar(trials, "accuracy", "max"),
    resources: { used: { CPU: 2 }, total: { CPU: 2, GPU: 0 } },
    elapsedSeconds: 12.5,
    schedulerText: "PopulationBasedTraining: 3 checkpoints, 1 perturb",
    perturbations: [],
    experimentPath: "/results/mnist",
    message: undefined,
    ...rest,
  };
}

const perturbation = {
  index: 0,
  trialName: "train_b",
  donorName: "train_a",
  changes: [{ key: "lr", before: 0.5, donor: 0.01, after: 0.012, operation: "* 1.2" }],
};

async function reporterOn<S extends Log | Terminal>(stream: S, options: CLIReporterOptions = {}) {
  const clock = new ManualClock();
  const reporter = new CLIReporter({ stream, clock, env: { NO_COLOR: "1" }, ...options });
  await reporter.setup(info);
  return { reporter, clock, stream };
}

describe("in a terminal", () => {
  it("shows states, best trial, resources, scheduler, perturbations, and tables of trials and errors", async () => {
    const { reporter, stream } = await reporterOn(new Terminal());
    const trials = [running, paused, pending, failed];
    reporter.onProgress(stateOf(trials, { perturbations: [perturbation], message: "1 trial failed" }), false);
    expect(stream.screen()).toMatchInlineSnapshot(`
      "== Status of mnist ==
      Running for 00:00:12.50 on 2/2 CPU
      PopulationBasedTraining: 3 checkpoints, 1 perturb
      Best trial: train_a with accuracy=0.75 and lr=0.01235, hiddenUnits=64
      Recent perturbations:
        train_b: lr: 0.01 -> 0.012 (* 1.2) from train_a
      Results: /results/mnist
      1 trial failed
      Trials: 4/4 (1 RUNNING, 1 PAUSED, 1 PENDING, 1 ERROR)
      ┌────────────┬─────────┬─────────┬─────────────┬──────┬────────────────┬──────────┬───────┬───────┐
      │ Trial name │ status  │      lr │ hiddenUnits │ iter │ total time (s) │ accuracy │ epoch │  loss │
      ├────────────┼─────────┼─────────┼─────────────┼──────┼────────────────┼──────────┼───────┼───────┤
      │ train_a    │ RUNNING │ 0.01235 │          64 │    1 │            0.5 │     0.75 │     0 │ 1.235 │
      │ train_b    │ PAUSED  │     0.1 │         128 │    1 │            0.5 │      0.5 │     0 │     2 │
      │ train_c    │ PENDING │    0.05 │          32 │      │                │          │       │       │
      │ train_d    │ ERROR   │     0.5 │          32 │      │                │          │       │       │
      └────────────┴─────────┴─────────┴─────────────┴──────┴────────────────┴──────────┴───────┴───────┘
      Trials that failed: 1
      ┌────────────┬────────────┬─────────────┐
      │ Trial name │ # failures │ error       │
      ├────────────┼────────────┼─────────────┤
      │ train_d    │          1 │ loss is NaN │
      └────────────┴────────────┴─────────────┘"
    `);
  });

  it("redraws in place", async () => {
    const { reporter, clock, stream } = await reporterOn(new Terminal(), { metricColumns: ["accuracy"] });
    reporter.onProgress(stateOf([pending]), false);
    clock.advance(500);
    reporter.onProgress(stateOf([running, paused]), false);
    expect(stream.screen()).toMatchInlineSnapshot(`
      "== Status of mnist ==
      Running for 00:00:12.50 on 2/2 CPU
      PopulationBasedTraining: 3 checkpoints, 1 perturb
      Best trial: train_a with accuracy=0.75 and lr=0.01235, hiddenUnits=64
      Results: /results/mnist
      Trials: 2/4 (1 RUNNING, 1 PAUSED)
      ┌────────────┬─────────┬─────────┬─────────────┬──────────┐
      │ Trial name │ status  │      lr │ hiddenUnits │ accuracy │
      ├────────────┼─────────┼─────────┼─────────────┼──────────┤
      │ train_a    │ RUNNING │ 0.01235 │          64 │     0.75 │
      │ train_b    │ PAUSED  │     0.1 │         128 │      0.5 │
      └────────────┴─────────┴─────────┴─────────────┴──────────┘"
    `);
  });

  it("draws at most once within the report interval, and then the latest state", async () => {
    const { reporter, clock, stream } = await reporterOn(new Terminal(), { maxReportFrequencyMs: 100 });
    reporter.onProgress(stateOf([pending]), false);
    const first = stream.raw;
    reporter.onProgress(stateOf([paused]), false);
    reporter.onProgress(stateOf([running]), false);
    expect(stream.raw).toBe(first);
    clock.advance(100);
    expect(stream.screen()).toContain("1 RUNNING");
  });

  it("lets the elapsed time run on while no trial reports", async () => {
    const { reporter, clock, stream } = await reporterOn(new Terminal());
    reporter.onProgress(stateOf([running]), false);
    clock.advance(2000);
    expect(stream.screen()).toContain("Running for 00:00:14.50 on 2/2 CPU");
  });

  it("prints messages above the table", async () => {
    const { reporter, stream } = await reporterOn(new Terminal(), {
      metricColumns: [],
      parameterColumns: [],
    });
    reporter.onProgress(stateOf([running]), false);
    reporter.onMessage("(train_a) Training with lr=0.01");
    expect(stream.screen()).toMatchInlineSnapshot(`
      "(train_a) Training with lr=0.01
      == Status of mnist ==
      Running for 00:00:12.50 on 2/2 CPU
      PopulationBasedTraining: 3 checkpoints, 1 perturb
      Best trial: train_a with accuracy=0.75 and lr=0.01235, hiddenUnits=64
      Results: /results/mnist
      Trials: 1/4 (1 RUNNING)
      ┌────────────┬─────────┐
      │ Trial name │ status  │
      ├────────────┼─────────┤
      │ train_a    │ RUNNING │
      └────────────┴─────────┘"
    `);
  });

  it("prints above the table what others write to the terminal, line by line", async () => {
    const { reporter, stream } = await reporterOn(new Terminal(), {
      metricColumns: [],
      parameterColumns: [],
    });
    reporter.onProgress(stateOf([running]), false);
    stream.write("half a ");
    expect(stream.screen()).not.toContain("half");
    await new Promise<void>((resolve) => stream.write(Buffer.from("line\nand a rest"), () => resolve()));
    expect(stream.screen().split("\n").slice(0, 2)).toEqual(["half a line", "== Status of mnist =="]);
    reporter.onProgress(stateOf([running]), true);
    expect(stream.screen().split("\n").slice(0, 3)).toEqual([
      "half a line",
      "and a rest",
      "== Status of mnist ==",
    ]);
  });

  it("leaves the final state on the screen, the stream as it was and no timer", async () => {
    const { reporter, clock, stream } = await reporterOn(new Terminal(), {
      metricColumns: [],
      parameterColumns: [],
    });
    reporter.onProgress(stateOf([running]), false);
    reporter.onProgress(stateOf([paused]), true);
    stream.write("Best config: ...\n");
    expect(stream.screen()).toMatchInlineSnapshot(`
      "== Status of mnist ==
      Running for 00:00:12.50 on 2/2 CPU
      PopulationBasedTraining: 3 checkpoints, 1 perturb
      Best trial: train_b with accuracy=0.5 and lr=0.1, hiddenUnits=128
      Results: /results/mnist
      Trials: 1/4 (1 PAUSED)
      ┌────────────┬────────┐
      │ Trial name │ status │
      ├────────────┼────────┤
      │ train_b    │ PAUSED │
      └────────────┴────────┘
      Best config: ..."
    `);
    expect(clock.pendingTimers).toBe(0);
    expect(Object.hasOwn(stream, "write")).toBe(false);
  });

  it("stays within the terminal's height while live", async () => {
    const { reporter, stream } = await reporterOn(new Terminal(120, 20));
    const trials = Array.from({ length: 30 }, (_, at) => trialView(`t${at}`, {}, { status: "PENDING" }));
    reporter.onProgress(stateOf(trials), false);
    expect(stream.screen().split("\n").length).toBeLessThan(20);
    expect(stream.screen()).toContain("more trials not shown");
  });

  it("stays within the terminal's width: long cells shrink, then the last columns go", async () => {
    const { reporter, stream } = await reporterOn(new Terminal(60), {
      metricColumns: ["epoch", "loss", "accuracy"],
    });
    reporter.onProgress(stateOf([{ ...running, name: "train_mnist_mlp_with_a_long_name" }]), false);
    expect(
      Math.max(
        ...stream
          .screen()
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(60);
    expect(stream.screen().split("\n").slice(-6).join("\n")).toMatchInlineSnapshot(`
      "┌──────────┬─────────┬─────────┬──────────┬──────────┐
      │ ... name │ status  │      lr │ ...Units │ accuracy │
      ├──────────┼─────────┼─────────┼──────────┼──────────┤
      │ ..._name │ RUNNING │ 0.01235 │       64 │     0.75 │
      └──────────┴─────────┴─────────┴──────────┴──────────┘
      ... columns not shown: epoch, loss"
    `);
  });

  it("leaves lines whole on the final screen, which may wrap", async () => {
    const { reporter, stream } = await reporterOn(new Terminal(40));
    reporter.onProgress(stateOf([running], { perturbations: [perturbation] }), false);
    expect(stream.screen()).toContain("  train_b: lr: 0.01 -> 0.012 (* 1.2) ...");
    reporter.onProgress(stateOf([running], { perturbations: [perturbation] }), true);
    expect(stream.screen()).toContain("  train_b: lr: 0.01 -> 0.012 (* 1.2) from train_a");
  });

  it("is coloured, unless NO_COLOR is set", async () => {
    const coloured = await reporterOn(new Terminal(), { env: {} });
    coloured.reporter.onProgress(stateOf([running]), false);
    expect(coloured.stream.raw).toContain("\x1b[32mRUNNING\x1b[39m");
    const plain = await reporterOn(new Terminal(), { env: { NO_COLOR: "1" } });
    plain.reporter.onProgress(stateOf([running]), false);
    expect(plain.stream.raw).not.toContain("\x1b[3");
  });
});

describe("elsewhere", () => {
  it("prints one line for each start, perturbation, failure and end", async () => {
    const { reporter, stream } = await reporterOn(new Log());
    reporter.onProgress(stateOf([pending]), false);
    reporter.onProgress(stateOf([{ ...pending, status: "RUNNING" }]), false);
    reporter.onProgress(
      stateOf([{ ...pending, status: "PAUSED" }], { perturbations: [perturbation] }),
      false,
    );
    reporter.onProgress(
      stateOf([{ ...pending, status: "RUNNING" }], { perturbations: [perturbation] }),
      false,
    );
    reporter.onProgress(stateOf([{ ...failed, id: "c", name: "train_c", status: "PENDING" }]), false);
    reporter.onProgress(stateOf([{ ...running, id: "c", name: "train_c", status: "TERMINATED" }]), false);
    reporter.onProgress(stateOf([{ ...running, id: "c", status: "TERMINATED" }, failed]), false);
    expect(stream.text).toMatchInlineSnapshot(`
      "train_c started with lr=0.05, hiddenUnits=32
      perturbed train_b: lr: 0.01 -> 0.012 (* 1.2) from train_a
      train_c failed (1 failure) and will be tried again: loss is NaN
      train_c finished after 1 report: accuracy=0.75, epoch=0, loss=1.235
      train_d failed (1 failure): loss is NaN
      "
    `);
  });

  it("prints a compact status and a table at most every interval", async () => {
    const { reporter, clock, stream } = await reporterOn(new Log(), { maxReportFrequencyMs: 5000 });
    clock.advance(4999);
    reporter.onProgress(stateOf([running]), false);
    expect(stream.text).toBe("train_a started with lr=0.01235, hiddenUnits=64\n");
    clock.advance(1);
    stream.text = "";
    reporter.onProgress(stateOf([running, paused]), false);
    reporter.onProgress(stateOf([running, paused]), false);
    expect(stream.text).toMatchInlineSnapshot(`
      "train_b started with lr=0.1, hiddenUnits=128
      Status after 00:00:12.50: Trials: 2/4 (1 RUNNING, 1 PAUSED); 2/2 CPU; PopulationBasedTraining: 3 checkpoints, 1 perturb; best trial: train_a with accuracy=0.75 and lr=0.01235, hiddenUnits=64
      +------------+---------+---------+-------------+------+----------------+----------+-------+-------+
      | Trial name | status  |      lr | hiddenUnits | iter | total time (s) | accuracy | epoch |  loss |
      +------------+---------+---------+-------------+------+----------------+----------+-------+-------+
      | train_a    | RUNNING | 0.01235 |          64 |    1 |            0.5 |     0.75 |     0 | 1.235 |
      | train_b    | PAUSED  |     0.1 |         128 |    1 |            0.5 |      0.5 |     0 |     2 |
      +------------+---------+---------+-------------+------+----------------+----------+-------+-------+
      "
    `);
  });

  it("always prints the final table", async () => {
    const { reporter, stream } = await reporterOn(new Log());
    reporter.onProgress(stateOf([running]), true);
    expect(stream.text).toContain("Status after 00:00:12.50: Trials: 1/4 (1 RUNNING); 2/2 CPU;");
    expect(stream.text).toContain("| train_a ");
  });

  it("shows memory in GiB and MiB, and only when trials ask for it", async () => {
    const status = async (used: Record<string, number>) => {
      const { reporter, stream } = await reporterOn(new Log());
      const resources = { used, total: { CPU: 2, GPU: 0, memory: 16 * 2 ** 30 } };
      reporter.onProgress(stateOf([running], { resources }), true);
      return stream.text.split("\n")[1]?.split("; ")[1];
    };
    expect(await status({ CPU: 1, memory: 0 })).toBe("1/2 CPU");
    expect(await status({ memory: 512 * 2 ** 20 })).toBe("0/2 CPU, 512 MiB/16 GiB memory");
  });

  it("prints messages as they are", async () => {
    const { reporter, stream } = await reporterOn(new Log());
    reporter.onMessage("hello");
    reporter.onMessage("world\n");
    expect(stream.text).toBe("hello\nworld\n");
  });

  it("includes a dumb terminal", async () => {
    const { reporter, stream } = await reporterOn(new Terminal(), { env: { TERM: "dumb" } });
    reporter.onProgress(stateOf([running]), false);
    reporter.onProgress(stateOf([running]), true);
    expect(stream.raw).not.toContain("\x1b");
  });
});

describe("the columns", () => {
  it("are the user's, with the user's labels", async () => {
    const { reporter, stream } = await reporterOn(new Log(), {
      metricColumns: { training_iteration: "iter", accuracy: "acc" },
      parameterColumns: ["hiddenUnits"],
    });
    reporter.onProgress(stateOf([running, pending]), true);
    expect(stream.text.split("\n").slice(2).join("\n")).toMatchInlineSnapshot(`
      "+------------+---------+-------------+------+------+
      | Trial name | status  | hiddenUnits | iter |  acc |
      +------------+---------+-------------+------+------+
      | train_a    | RUNNING |          64 |    1 | 0.75 |
      | train_c    | PENDING |          32 |      |      |
      +------------+---------+-------------+------+------+
      "
    `);
  });

  it("are inferred up to a limit, the experiment's metric first", async () => {
    const { reporter, stream } = await reporterOn(new Log(), { inferLimit: 2 });
    reporter.onProgress(stateOf([running]), true);
    expect(stream.text).toContain(
      "| Trial name | status  |      lr | hiddenUnits | iter | total time (s) | accuracy | epoch |",
    );
  });

  it("show at most as many trials as asked for", async () => {
    const { reporter, stream } = await reporterOn(new Log(), { maxProgressRows: 1, maxErrorRows: 0 });
    reporter.onProgress(stateOf([running, paused, pending, failed]), true);
    expect(stream.text).toContain("... 3 more trials not shown (1 PAUSED, 1 PENDING, 1 ERROR)");
    expect(stream.text).not.toContain("Trials that failed");
  });
});

describe("the options", () => {
  it("are checked, naming the option and quoting the value", () => {
    expect(() => new CLIReporter({ maxProgressRows: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[InvalidArgumentError: CLIReporter({ maxProgressRows }): must be a whole number >= 0, got -1]`,
    );
    expect(() => new CLIReporter({ maxReportFrequencyMs: NaN })).toThrowErrorMatchingInlineSnapshot(
      `[InvalidArgumentError: CLIReporter({ maxReportFrequencyMs }): must be a number of milliseconds >= 0, got NaN]`,
    );
    // @ts-expect-error: Ray's spelling
    expect(() => new CLIReporter({ metric_columns: ["loss"] })).toThrow(
      "CLIReporter({ metric_columns }): is not an option",
    );
  });

  it("do not make up for a setup that was left out", () => {
    expect(() =>
      new CLIReporter({ stream: new Log() }).onProgress(stateOf([]), false),
    ).toThrowErrorMatchingInlineSnapshot(
      `[TuneError: CLIReporter: onProgress() was called before setup(); call and await setup(info) first]`,
    );
  });
});
