/** What all tasks of one remote function with one set of options have in common. */
import type { PeerId } from "../core/ids.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import type { ResourceSet } from "../core/resources.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { Attachment } from "../transport/channel.ts";
import type { FunctionExport, FunctionSender } from "./function-sender.ts";
import { Introductions } from "./introductions.ts";
import type { Link } from "./link.ts";
import type { Values } from "./values.ts";
import { retryToWire } from "./work.ts";

export interface TaskTemplate {
  readonly name: string;
  readonly fn: FunctionExport;
  readonly resources: ResourceSet;
  readonly pool: PoolSelector | undefined;
  readonly depth: number;
  readonly namespace: string;
  readonly numReturns: number;
  readonly maxRetries: number;
  readonly retryExceptions: boolean | StoredValue;
  /** Tasks of equal shape run on the same leases. */
  readonly shape: string;
}

/** Tells workers of templates before their first tasks. */
export function taskTemplates(
  link: Link,
  values: Values,
  functions: FunctionSender,
): Introductions<TaskTemplate, PeerId> {
  return new Introductions({
    introduce(template, number, to) {
      const { name, fn, depth, numReturns, resources, pool, namespace, retryExceptions } = template;
      const attachments: Attachment[] = [];
      const of = {
        name,
        fn: functions.toWire(fn, to, attachments),
        depth,
        numReturns,
        retryExceptions: retryToWire(retryExceptions, to, values, attachments),
        resources: resources.toJSON(),
        pool,
        namespace,
      };
      link.toPeer(to, { t: "task.template", template: number, of }, attachments);
    },
    forget: (template, to) => link.toPeer(to, { t: "task.forget", template }),
  });
}
