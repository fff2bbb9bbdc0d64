/**
 * The actor classes of an experiment, an entry of the bundle: they travel to workers by reference, and what loads
 * there with them is only what they need themselves.
 */
export { ReportMailbox } from "./report-mailbox.ts";
export { TrialRunner } from "./trial-runner.ts";
