/** Which checkpoints of a trial are made and kept. */

/** How checkpoints are made and kept; the defaults keep every checkpoint and make none by themselves. */
export interface CheckpointConfig {
  /** How many checkpoints of a trial are kept besides its latest. At least 1. @defaultValue all */
  readonly numToKeep?: number;
  /** Metric that ranks checkpoints, nested by `/`. @defaultValue the newest are best */
  readonly scoreAttribute?: string;
  /** Whether a larger or a smaller score is better. @defaultValue "max" */
  readonly scoreOrder?: "max" | "min";
  /** A class trainable saves at each report whose `training_iteration` this divides; 0: never. @defaultValue 0 */
  readonly frequency?: number;
  /** A class trainable saves when it is stopped. @defaultValue false */
  readonly atEnd?: boolean;
}
