/**
 * The actor that runs a trainable, one trial after another. An export of a module, so that it travels by reference.
 * Runs inside a worker: it must import nothing heavy.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import * as ray from "@mantajs/runtime";

import { Checkpoint } from "../checkpoints/checkpoint.ts";
import { scratchPrefix } from "../checkpoints/scratch.ts";
import { TuneError } from "../errors.ts";
import type { Metrics } from "../trial/types.ts";
import { bind } from "../with-parameters.ts";
import type { ReportMailbox } from "./report-mailbox.ts";
import { TrainableHost, type TrialLink } from "./trainable-host.ts";
import type { AnyTrainable } from "./trainable.ts";
import type { TrialStart } from "./types.ts";

/** What a run of a trainable gave. */
export interface RunEnd {
  readonly final: Metrics | undefined;
}

/** Refs to what `withParameters` was given. */
export type ParameterRefs = Readonly<Record<string, ray.ObjectRef>>;

/** An actor class of the runtime. */
export class TrialRunner {
  readonly #mailbox: ray.ActorHandle<ReportMailbox>;
  readonly #isolation: "thread" | "shared";

  constructor(mailbox: ray.ActorHandle<ReportMailbox>, isolation: "thread" | "shared") {
    this.#mailbox = mailbox;
    this.#isolation = isolation;
  }

  /** Runs one trial to its end. Rejects with what its trainable threw. */
  async run(trainable: AnyTrainable, parameters: ParameterRefs, start: TrialStart): Promise<RunEnd> {
    const names = Object.keys(parameters);
    const values = await ray.get(Object.values(parameters));
    const bound =
      names.length === 0
        ? trainable
        : bind(trainable, Object.fromEntries(names.map((name, index) => [name, values[index]])));
    const host = new TrainableHost(bound, start, mailboxLink(this.#mailbox, this.#isolation, start.path));
    return { final: await host.run(process.pid) };
  }
}

function mailboxLink(
  mailbox: ray.ActorHandle<ReportMailbox>,
  isolation: "thread" | "shared",
  trialDir: string,
): TrialLink {
  const scratch = (): string => join(trialDir, `${scratchPrefix}${crypto.randomUUID().slice(0, 8)}`);
  return {
    exchange: (event) => ray.get(mailbox.exchange.remote(event)),
    exchangeSync: (event) => {
      if (isolation === "thread") return ray.getSync(mailbox.exchange.remote(event));
      throw new TuneError(
        "reportSync() blocks its thread, and this trial shares one with others: use await tune.report(), " +
          'or run({ trialIsolation: "thread" })',
      );
    },
    notify: (event) => void mailbox.post.remote(event),
    keepCheckpoint: (checkpoint) =>
      // The controller copies a directory of the user's before it answers the report.
      checkpoint.path ?? checkpoint.toDirectory(scratch()),
    openCheckpoint: (path) => Checkpoint.fromDirectory(path),
    scratchDirectory: () => {
      const path = scratch();
      mkdirSync(path, { recursive: true });
      return path;
    },
    seconds: () => performance.now() / 1000,
  };
}
