import { describe, expect, it } from "vitest";

import { TuneError } from "../../packages/tune/dist/errors.js";
import {
  canHappen,
  failuresOf,
  initialTrialState,
  nextTrialState,
  statusOf,
  type TrialMachineEvent,
} from "../../packages/tune/dist/trial/machine.js";

type Name = TrialMachineEvent["type"];

const after = (names: readonly Name[], maxFailures = 0) =>
  names.reduce((state, type) => nextTrialState(state, { type }, "t"), initialTrialState(maxFailures));

describe("the trial machine", () => {
  it("begins as PENDING without failures", () => {
    expect(statusOf(initialTrialState(0))).toBe("PENDING");
    expect(failuresOf(initialTrialState(0))).toBe(0);
  });

  it.each<[readonly Name[], string]>([
    [["START"], "RUNNING"],
    [["START", "PAUSE"], "PAUSED"],
    [["START", "PAUSE", "RESUME"], "RUNNING"],
    [["START", "PAUSE", "START"], "RUNNING"],
    [["TERMINATE"], "TERMINATED"],
    [["START", "TERMINATE"], "TERMINATED"],
    [["START", "PAUSE", "TERMINATE"], "TERMINATED"],
    [["START", "FAIL"], "ERROR"],
    [["START", "PAUSE", "FAIL"], "ERROR"],
  ])("after %j is %s", (names, status) => {
    expect(statusOf(after(names))).toBe(status);
  });

  it("names state, event and trial when an event is illegal", () => {
    const terminated = after(["TERMINATE"]);
    const illegal = () => nextTrialState(terminated, { type: "START" }, "a1b2c_00003");
    expect(illegal).toThrow(TuneError);
    expect(illegal).toThrow("trial a1b2c_00003: START is not allowed in state TERMINATED");
    try {
      illegal();
    } catch (error) {
      expect(error).toMatchObject({
        code: "MANTA_TUNE",
        trialId: "a1b2c_00003",
        state: "TERMINATED",
        event: "START",
      });
    }
  });

  it("recovers while it failed at most maxFailures times", () => {
    const once = after(["START", "FAIL"], 1);
    expect(canHappen(once, { type: "RECOVER" })).toBe(true);
    const twice = after(["START", "FAIL", "RECOVER", "START", "FAIL"], 1);
    expect(failuresOf(twice)).toBe(2);
    expect(canHappen(twice, { type: "RECOVER" })).toBe(false);
  });

  it("never recovers with maxFailures 0, and always with -1", () => {
    expect(canHappen(after(["START", "FAIL"], 0), { type: "RECOVER" })).toBe(false);
    const often = Array.from({ length: 50 }, (): Name[] => ["START", "FAIL", "RECOVER"]).flat();
    expect(statusOf(after(often, -1))).toBe("PENDING");
  });

  it("does not change the state that it starts from", () => {
    const running = after(["START"]);
    nextTrialState(running, { type: "PAUSE" }, "t");
    expect(statusOf(running)).toBe("RUNNING");
  });
});
