import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { TuneError } from "../../packages/tune/dist/errors.js";
import type { SchedulerDecision } from "../../packages/tune/dist/schedulers/types.js";
import { report } from "../../packages/tune/dist/session.js";
import { simulate } from "../../packages/tune/dist/testing/simulate.js";
import {
  canHappen,
  failuresOf,
  initialTrialState,
  nextTrialState,
  statusOf,
  type TrialMachineEvent,
} from "../../packages/tune/dist/trial/machine.js";
import { scheduler } from "../tune/fixtures/toy-schedulers.ts";

const names: TrialMachineEvent["type"][] = ["START", "PAUSE", "RESUME", "TERMINATE", "FAIL", "RECOVER"];

const legal: Record<string, readonly string[]> = {
  PENDING: ["RUNNING", "TERMINATED", "ERROR"],
  RUNNING: ["PAUSED", "TERMINATED", "ERROR"],
  PAUSED: ["RUNNING", "TERMINATED", "ERROR"],
  ERROR: ["PENDING"],
  TERMINATED: [],
};

describe("the trial machine, for any sequence of events", () => {
  it("goes from a status only to those that may follow it, and throws for every other event", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names), { maxLength: 40 }),
        fc.integer({ min: -1, max: 3 }),
        (events, max) => {
          let state = initialTrialState(max);
          let failures = 0;
          for (const type of events) {
            const before = statusOf(state);
            if (!canHappen(state, { type })) {
              const current = state;
              expect(() => nextTrialState(current, { type }, "t")).toThrow(TuneError);
              continue;
            }
            state = nextTrialState(state, { type }, "t");
            if (type === "FAIL") failures += 1;
            expect(legal[before]).toContain(statusOf(state));
            expect(failuresOf(state)).toBe(failures);
            if (type === "RECOVER" && max >= 0) expect(failures).toBeLessThanOrEqual(max);
          }
        },
      ),
    );
  });
});

/** What one trial does: how many reports, and after which it throws (each once). */
const trialPlan = fc.record({
  reports: fc.integer({ min: 0, max: 6 }),
  throwsAfter: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
  returns: fc.boolean(),
});

const decision = fc.constantFrom<SchedulerDecision>("CONTINUE", "CONTINUE", "PAUSE", "PAUSE", "STOP");

describe("the controller, for any trials, decisions and speeds", () => {
  it("keeps to the resources, gives them all back, and files each report exactly once", async () => {
    const plan = fc.record({
      trials: fc.array(trialPlan, { minLength: 1, maxLength: 6 }),
      decisions: fc.array(decision, { minLength: 1, maxLength: 30 }),
      exploits: fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
      speeds: fc.array(fc.constantFrom(0, 1, 2, 5), { minLength: 1, maxLength: 7 }),
      capacity: fc.integer({ min: 1, max: 3 }),
      maxFailures: fc.integer({ min: 0, max: 2 }),
      deterministic: fc.boolean(),
      timeBudgetS: fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ trials: plans, decisions, exploits, speeds, ...options }) => {
        const made: string[] = [];
        const handled: string[] = [];
        const thrown = plans.map(() => new Set<number>());
        let runs = 0;
        let asked = 0;
        let step = 0;
        let over = 0;
        const { capacity, timeBudgetS, ...rest } = options;
        const result = await simulate({
          ...rest,
          ...(timeBudgetS === undefined ? {} : { timeBudgetS }),
          capacity: { CPU: capacity },
          configs: plans.map((_, x) => ({ x })),
          trainable: async (config) => {
            const x = Number(config["plan"] ?? config["x"]);
            const own = plans[x];
            const run = runs++;
            if (own === undefined) throw new Error("each trial has a plan");
            for (let at = 0; at < own.reports; at++) {
              if (own.throwsAfter.includes(at) && !thrown[x]?.has(at)) {
                thrown[x]?.add(at);
                throw new Error(`planned at ${at}`);
              }
              const key = `${run}/${at}`;
              made.push(key);
              await report({ key });
            }
            return own.returns ? { final: `${run}` } : undefined;
          },
          duration: ({ event }) => (event.type === "report" ? (speeds[step++ % speeds.length] ?? 1) : 0),
          scheduler: scheduler({
            onResult: (context, trial, row) => {
              handled.push(String(row["key"]));
              const donor = context.trials.find((one) => one !== trial);
              if (donor !== undefined && exploits[asked % exploits.length] === true) {
                const config = { ...donor.config, plan: trial.config["plan"] ?? trial.config["x"] };
                context.exploit({ trial, donor, config, operations: {}, experimentTag: "t" });
              }
              return decisions[asked++ % decisions.length] ?? "CONTINUE";
            },
          }),
          onStep: (controller) => {
            over = Math.max(over, controller.population.running - capacity);
          },
        });
        expect(result.error).toBeUndefined();
        expect(over).toBeLessThanOrEqual(0);
        expect(result.maxRunning).toBeLessThanOrEqual(capacity);
        expect(result.executor.resources().used).toEqual({});
        expect(result.executor.live).toBe(0);
        const rows = result.rows.flat();
        const keys = rows.flatMap((row) => (typeof row["key"] === "string" ? [row["key"]] : []));
        expect(new Set(keys).size).toBe(keys.length);
        // With a budget a report may be under way when its trial is killed; all others are filed.
        if (timeBudgetS === undefined) expect(keys.toSorted()).toEqual(made.toSorted());
        expect(keys).toEqual(expect.arrayContaining(handled));
        for (const trial of result.rows) {
          const reported = trial.filter((row) => "key" in row).map((row) => row.reports_total);
          expect(reported).toEqual(reported.map((_, index) => index + 1));
        }
        const statuses = new Set(result.trials.map((trial) => trial.status));
        expect([...statuses].every((status) => status === "TERMINATED" || status === "ERROR")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
