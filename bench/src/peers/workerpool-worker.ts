/** The worker of workerpool: its named function returns the same two bytes as Manta's task. */
import workerpool from "workerpool";

workerpool.worker({ smallValue: () => "ok" });
