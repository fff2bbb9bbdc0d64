/**
 * The life of a trial as a state machine: PENDING, RUNNING, PAUSED, TERMINATED, ERROR. Every transition and every
 * guard is here and nowhere else. It is used through xstate's pure `transition`, so a step has no effects and a trial
 * costs one small snapshot; an event that a state does not allow is an error that names state, event and trial.
 *
 * This module loads xstate, so nothing that runs inside a worker may import it.
 */
import { assign, initialTransition, setup, transition, type SnapshotFrom } from "xstate";

import { TuneError } from "../errors.ts";
import type { TrialStatus } from "./types.ts";

/** What happens to a trial. */
export type TrialMachineEvent =
  /** It got a slot and begins: from scratch, or from a checkpoint when its actor was given up while it was paused. */
  | { readonly type: "START" }
  /** It parks at its report and gives its slot back. */
  | { readonly type: "PAUSE" }
  /** It got a slot and goes on from where it is parked. */
  | { readonly type: "RESUME" }
  /** It ended by itself, or was stopped. */
  | { readonly type: "TERMINATE" }
  /** Its trainable threw, or its actor died. */
  | { readonly type: "FAIL" }
  /** It is to run again after a failure; allowed while it failed at most `maxFailures` times (-1: always). */
  | { readonly type: "RECOVER" };

interface TrialMachineContext {
  readonly maxFailures: number;
  readonly numFailures: number;
}

const trialMachine = setup({
  types: {
    // The empty objects only carry types, which is how xstate's `setup` is told about them.
    context: {} as TrialMachineContext,
    events: {} as TrialMachineEvent,
    input: {} as { readonly maxFailures: number },
  },
  guards: {
    mayRecover: ({ context }) => context.maxFailures < 0 || context.numFailures <= context.maxFailures,
  },
  actions: {
    countFailure: assign({ numFailures: ({ context }) => context.numFailures + 1 }),
  },
}).createMachine({
  id: "trial",
  context: ({ input }) => ({ maxFailures: input.maxFailures, numFailures: 0 }),
  initial: "PENDING",
  states: {
    PENDING: {
      on: { START: "RUNNING", TERMINATE: "TERMINATED", FAIL: { target: "ERROR", actions: "countFailure" } },
    },
    RUNNING: {
      on: {
        PAUSE: "PAUSED",
        TERMINATE: "TERMINATED",
        FAIL: { target: "ERROR", actions: "countFailure" },
      },
    },
    PAUSED: {
      on: {
        RESUME: "RUNNING",
        START: "RUNNING",
        TERMINATE: "TERMINATED",
        FAIL: { target: "ERROR", actions: "countFailure" },
      },
    },
    ERROR: { on: { RECOVER: { target: "PENDING", guard: "mayRecover" } } },
    TERMINATED: { type: "final" },
  },
});

/** State of one trial's machine: the part of xstate's snapshot that may be looked at. */
export interface TrialMachineState {
  readonly value: TrialStatus;
  readonly context: { readonly maxFailures: number; readonly numFailures: number };
  can(event: TrialMachineEvent): boolean;
}

/** A trial's machine at its beginning: PENDING. `maxFailures`: how many failures it may recover from, -1 for any number. */
export function initialTrialState(maxFailures: number): TrialMachineState {
  return initialTransition(trialMachine, { maxFailures })[0];
}

/** The status that a machine's state stands for. */
export const statusOf = (state: TrialMachineState): TrialStatus => state.value;

/** How often the trial failed so far. */
export const failuresOf = (state: TrialMachineState): number => state.context.numFailures;

/** Whether the event is legal in the state. */
export const canHappen = (state: TrialMachineState, event: TrialMachineEvent): boolean => state.can(event);

/**
 * The state after an event. Throws `TuneError` (`MANTA_TUNE`) when the state does not allow the event.
 *
 * @example nextTrialState(initialTrialState(0), { type: "START" }, "a_00000") // RUNNING
 */
export function nextTrialState(
  state: TrialMachineState,
  event: TrialMachineEvent,
  trialId: string,
): TrialMachineState {
  if (!canHappen(state, event)) {
    throw new TuneError(`trial ${trialId}: ${event.type} is not allowed in state ${statusOf(state)}`, {
      fields: { trialId, state: statusOf(state), event: event.type },
    });
  }
  // Every state comes from this module, so it is a whole snapshot of this machine.
  return transition(trialMachine, state as SnapshotFrom<typeof trialMachine>, event)[0];
}
