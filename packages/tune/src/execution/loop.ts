/**
 * Performs what the controller orders: journal, checkpoints, hooks, commands, in this order, and feeds it the
 * executor's events, the clock and the user's wish to stop.
 */
import { asError } from "../errors.ts";
import type { TrialController } from "./controller.ts";
import type { Effect, ExperimentEvent, JournalEntry } from "./effects.ts";
import { EventGate } from "./event-gate.ts";
import type { CheckpointStore, TrialEvent, TrialExecutor } from "./types.ts";

/** Who is told what happens: files, reporters, callbacks. What they throw ends the run. */
export interface ExperimentHooks {
  /** Written before anything that follows from it. */
  journal(entries: readonly JournalEntry[]): void;
  notify(event: ExperimentEvent): void | Promise<void>;
  /** After each round of the loop. */
  step(): void | Promise<void>;
}

/** The parts of a running experiment. */
export interface LoopParts {
  readonly controller: TrialController;
  readonly executor: TrialExecutor;
  readonly hooks: ExperimentHooks;
  readonly checkpoints: CheckpointStore;
  readonly deterministic: boolean;
  /** Aborted: the run stops its trials at their next report and ends. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs the experiment to its end. Errors of trials and of hooks are in `controller.fatalError`; it rejects for nothing else. */
export async function runLoop(parts: LoopParts): Promise<void> {
  const { controller, executor, hooks } = parts;
  const gate = new EventGate(parts.deterministic);
  while (!controller.finished) {
    await perform(parts, controller.schedule());
    if (controller.finished) break;
    const events = await nextEvents(parts);
    for (const event of gate.pass(events, controller, executor.settling())) {
      await perform(parts, controller.handle(event));
    }
    await perform(parts, controller.tick());
    await guarded(parts, () => hooks.step());
  }
}

async function nextEvents(parts: LoopParts): Promise<readonly TrialEvent[]> {
  const { controller, executor, signal } = parts;
  // Once the run is ending the signal has said all it can.
  const open = controller.endReason === undefined ? signal : undefined;
  try {
    return await executor.nextEvents({ signal: open, until: controller.nextWake() });
  } catch (thrown) {
    const effects =
      open?.aborted === true ? controller.stop("interrupt") : controller.stop("fatal", asError(thrown));
    await perform(parts, effects);
    return [];
  }
}

async function perform(parts: LoopParts, effects: readonly Effect[]): Promise<void> {
  if (effects.length === 0) return;
  await guarded(parts, () => {
    const entries = effects.flatMap((effect) => (effect.type === "journal" ? [effect.entry] : []));
    if (entries.length > 0) parts.hooks.journal(entries);
  });
  await guarded(parts, async () => {
    for (const effect of effects) {
      if (effect.type === "adopt") await parts.checkpoints.adopt(effect.from, effect.to);
    }
  });
  for (const effect of effects) {
    if (effect.type === "notify") await guarded(parts, () => parts.hooks.notify(effect.event));
  }
  await guarded(parts, () => {
    for (const effect of effects) command(parts.executor, effect);
  });
  await guarded(parts, async () => {
    for (const effect of effects) if (effect.type === "remove") await parts.checkpoints.remove(effect.path);
  });
}

/** A hook that throws ends the run, but not before every trial was told so. */
async function guarded(parts: LoopParts, action: () => void | Promise<void>): Promise<void> {
  try {
    await action();
  } catch (thrown) {
    const ended = parts.controller.endReason !== undefined;
    const effects = parts.controller.stop("fatal", asError(thrown));
    // What follows from an ending that has begun already is under way.
    if (!ended) await perform(parts, effects);
  }
}

function command(executor: TrialExecutor, effect: Effect): void {
  switch (effect.type) {
    case "start":
      return executor.startTrial(effect.start);
    case "continue":
      return executor.continueTrial(effect.trialId, effect.answer);
    case "save":
      return executor.saveTrial(effect.trialId);
    case "stop":
      return executor.stopTrial(effect.trialId);
    case "kill":
      return executor.killTrial(effect.trialId);
    case "release":
      return executor.release(effect.trialId);
    default:
      return undefined;
  }
}
