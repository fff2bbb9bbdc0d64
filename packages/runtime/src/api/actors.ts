/** `kill`, `getActor`, `listNamedActors`, `exitActor`. */
import { InvalidArgumentError } from "../core/errors.ts";
import { ActorExit } from "../worker/actor-exit.ts";
import { handleMeta, isActorHandle, type ActorHandle, type HandleMeta } from "./actor-handle.ts";
import { checkOptions, flag, text } from "./check.ts";
import { currentRuntime } from "./current-runtime.ts";

/**
 * Ends an actor at once, even in the middle of a loop (a shared one after its present synchronous method). Its
 * pending and later calls fail with ActorDiedError. With `noRestart: false` it is restarted while `maxRestarts` lasts.
 */
export function kill(actor: ActorHandle, options: { readonly noRestart?: boolean } = {}): void {
  if (!isActorHandle(actor)) throw InvalidArgumentError.forValue("kill(actor)", "an ActorHandle", actor);
  checkOptions("kill()", options, { noRestart: flag });
  const { peer } = currentRuntime("kill()");
  peer.actors.kill(handleMeta(actor), options.noRestart ?? true);
}

/**
 * The handle of a named actor of this namespace (or of another one).
 *
 * @throws InvalidArgumentError when there is none
 * @example
 * const counter = ray.getActor<Counter>("counter");
 */
export function getActor<T = unknown>(
  name: string,
  options: { readonly namespace?: string } = {},
): ActorHandle<T> {
  if (typeof name !== "string" || name === "") {
    throw InvalidArgumentError.forValue("getActor(name)", "a non-empty string", name);
  }
  checkOptions("getActor()", options, { namespace: text });
  const runtime = currentRuntime("getActor()");
  const namespace = options.namespace ?? runtime.namespace;
  const meta = runtime.peer.querySync({ what: "actor", name, namespace }) as HandleMeta | undefined; // the node's answer
  if (meta === undefined || meta === null) {
    throw new InvalidArgumentError(
      "getActor(name)",
      `no living actor is named ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`,
    );
  }
  // The caller says what the actor's class is.
  return runtime.peer.actors.receive(meta.actorId, meta) as ActorHandle<T>;
}

/** One actor as `listActors` shows it. */
export interface ActorInfo {
  readonly actorId: string;
  readonly className: string;
  readonly name: string | undefined;
  readonly namespace: string;
  readonly state: "PENDING_CREATION" | "ALIVE" | "RESTARTING" | "DEAD";
}

/** All actors of the session that are remembered, dead ones included. */
export function listActors(): ActorInfo[] {
  return currentRuntime("listActors()").peer.querySync({ what: "actors" }) as ActorInfo[]; // the node's answer
}

/** Names of the living named actors of this namespace, or of all. */
export function listNamedActors(
  options: { readonly allNamespaces?: boolean } = {},
): { name: string; namespace: string }[] {
  checkOptions("listNamedActors()", options, { allNamespaces: flag });
  const { namespace } = currentRuntime("listNamedActors()");
  return listActors().flatMap((actor) =>
    actor.state !== "DEAD" &&
    typeof actor.name === "string" &&
    (options.allNamespaces === true || actor.namespace === namespace)
      ? [{ name: actor.name, namespace: actor.namespace }]
      : [],
  );
}

/**
 * Ends the actor that the calling method belongs to. Earlier calls have finished; this call and later ones fail with
 * ActorDiedError.
 *
 * @throws InvalidArgumentError outside of an actor method
 */
export function exitActor(): never {
  if (currentRuntime("exitActor()").context?.actor === undefined) {
    throw new InvalidArgumentError("exitActor()", "was called outside of an actor method");
  }
  throw new ActorExit();
}
