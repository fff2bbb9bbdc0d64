/**
 * What the last task of a function, or actor of a class, had in common with those before it: usually the next one has
 * it, too. It depends on where the calling code runs.
 */
import type { Runtime } from "./runtime.ts";

export class LastTemplate<T> {
  #runtime: Runtime | undefined;
  #depth = 0;
  #namespace = "";
  #template: T | undefined;

  /** Undefined when the calling code needs another one, which is then to be kept. */
  find(runtime: Runtime, namespace: string = runtime.namespace): T | undefined {
    const depth = runtime.context?.depth ?? 0;
    if (this.#runtime === runtime && this.#depth === depth && this.#namespace === namespace) {
      return this.#template;
    }
    this.#runtime = runtime;
    this.#depth = depth;
    this.#namespace = namespace;
    this.#template = undefined;
    return undefined;
  }

  /** Keeps the template that was made after `find` had none. */
  keep(template: T): T {
    this.#template = template;
    return template;
  }
}
