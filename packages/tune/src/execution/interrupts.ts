/**
 * Ctrl-C and the `signal` option. The first interrupt asks the experiment to end; a second Ctrl-C ends the process at
 * once. The handler is installed only while an experiment runs.
 */

/** The exit code of a process that SIGINT ended. */
const interruptedExitCode = 130;

/** Listens until it is disposed of. */
export class Interrupts {
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal;
  readonly #abort: AbortController = new AbortController();
  readonly #onSigint: () => void;

  constructor(options: {
    readonly signal: AbortSignal | undefined;
    /** Told once, at the first Ctrl-C. */
    readonly onInterrupt: () => void;
  }) {
    const { signal } = options;
    this.signal = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
    this.#onSigint = () => {
      if (this.#abort.signal.aborted) process.exit(interruptedExitCode);
      options.onInterrupt();
      this.#abort.abort(new Error("interrupted by SIGINT"));
    };
    process.on("SIGINT", this.#onSigint);
  }

  [Symbol.dispose](): void {
    process.removeListener("SIGINT", this.#onSigint);
  }
}
