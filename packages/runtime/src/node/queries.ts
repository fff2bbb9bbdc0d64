/** Answers to what peers ask the node about: resources, nodes, actors, groups, workers. Reads only. */
import type { ActorDirectory } from "../core/actor-directory.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Query } from "../transport/protocol.ts";

export interface NodeState {
  readonly nodeId: string;
  readonly scheduler: Scheduler;
  readonly directory: ActorDirectory;
  readonly threads: number;
}

export function answerQuery(query: Exclude<Query, { what: "actor" | "peers" }>, state: NodeState): unknown {
  const { scheduler, directory } = state;
  switch (query.what) {
    case "resources": {
      const { total, available } = scheduler.view();
      return { total: total.toJSON(), available: available.toJSON() };
    }
    case "nodes":
      return [
        {
          nodeId: state.nodeId,
          alive: true,
          resources: scheduler.view().total.toJSON(),
          workers: state.threads,
        },
      ];
    case "actors":
      return directory.list().map(({ registration, update }) => ({
        actorId: update.actorId,
        className: registration.traits.handle.className,
        name: registration.name,
        namespace: registration.traits.handle.namespace,
        state: update.state,
      }));
    case "group":
      return scheduler.isGroupCreated(query.groupId);
    case "workers":
      return scheduler.workers();
  }
}
