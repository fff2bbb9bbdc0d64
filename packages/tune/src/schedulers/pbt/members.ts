/** What PBT remembers of each trial, and of each exploit that it ordered. */
import type { Config } from "../../trial/types.ts";
import { fromJsonNumber, toJsonNumber, type JsonNumber } from "../json-numbers.ts";

/** A trial of the population. */
export interface Member {
  readonly id: string;
  /** Position in the order of creation; names the trial's random streams. */
  readonly index: number;
  /** Experiment tag before any perturbation. */
  readonly originalTag: string;
  /** Score at its last interval, larger is better; undefined before the first, NaN when it has no usable one. */
  score: number | undefined;
  /** Time of its last interval. */
  time: number;
  /** When it was last looked at; the next interval is counted from here. */
  lastPerturbation: number;
  /** Whether it was among the best at its own last interval, so that its checkpoint of then can be handed out. */
  checkpointed: boolean;
  /** How many times it was decided about: names its next random stream. */
  decisions: number;
  /** It ended, failed or was removed. */
  over: boolean;
  /** Latest scores, newest last; only kept when the donor selection looks at them. */
  recent: readonly number[];
}

/** One exploit, as a line of Ray's `pbt_global.txt`. Times are `training_iteration`s. */
export type PolicyEntry = readonly [
  targetTag: string,
  donorTag: string,
  targetTime: number,
  donorTime: number,
  donorConfig: Config,
  newConfig: Config,
];

/** One exploit, for reporters. */
export interface Perturbation {
  readonly trialId: string;
  readonly donorId: string;
  /** The trial's time when it was decided, in units of `timeAttr`. */
  readonly time: number;
  /** Whether the trial goes on from the donor's checkpoint; otherwise from where it is. */
  readonly fromCheckpoint: boolean;
  readonly config: Config;
  /** What happened to each mutated key: `resample`, `* 1.2`, `shift left`. */
  readonly operations: Readonly<Record<string, string>>;
}

/** A member as JSON can hold it. */
export type SavedMember = Omit<Member, "score" | "recent"> & {
  readonly score: JsonNumber | null;
  readonly recent: readonly JsonNumber[];
};

/** A trial that has not reported yet. */
export function newMember(id: string, index: number, originalTag: string, decisions: number): Member {
  return {
    id,
    index,
    originalTag,
    score: undefined,
    time: 0,
    lastPerturbation: 0,
    checkpointed: false,
    decisions,
    over: false,
    recent: [],
  };
}

export function saveMember(member: Member): SavedMember {
  return {
    ...member,
    score: member.score === undefined ? null : toJsonNumber(member.score),
    recent: member.recent.map(toJsonNumber),
  };
}

export function restoreMember(saved: SavedMember): Member {
  return {
    ...saved,
    score: saved.score === null ? undefined : fromJsonNumber(saved.score),
    recent: saved.recent.map(fromJsonNumber),
  };
}
