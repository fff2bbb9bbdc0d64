/**
 * A block of text at the bottom of a terminal that is redrawn in place by log-update. While it stands, whole lines
 * that anyone else writes to the terminal are printed above it; nothing is lost and nothing is drawn over.
 */

/** What is used of log-update, declared here: users of the declarations do not have it. */
export type CreateLogUpdate = (
  stream: NodeJS.WritableStream,
  options: { readonly showCursor: boolean },
) => { (text: string): void; clear(): void };

/** A stream that may be a terminal; `process.stdout` is one. */
export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};

/** Draws a region on a stream, from the first `draw` to `finish`. */
export class LiveRegion {
  readonly #stream: OutputStream;
  readonly #render: ReturnType<CreateLogUpdate>;
  /** Puts the streams back as they were, one function each. */
  readonly #restore: (() => void)[] = [];
  #text = "";
  #partialLine = "";
  #isOwnWrite = false;

  /** @param streams the stream to draw on, and others that end on the same terminal (stderr) */
  constructor(create: CreateLogUpdate, streams: readonly [OutputStream, ...OutputStream[]]) {
    this.#stream = streams[0];
    // A hidden cursor would have to be brought back whatever ends the process; a table does not need it hidden.
    this.#render = create(this.#stream, { showCursor: true });
    for (const stream of streams) this.#intercept(stream);
  }

  /** Shows a text in place of the one before. */
  draw(text: string): void {
    this.#text = text;
    this.#own(() => this.#render(text));
  }

  /** Prints whole lines above the region. */
  printAbove(lines: string): void {
    this.#own(() => {
      this.#render.clear();
      this.#stream.write(lines);
      if (this.#text !== "") this.#render(this.#text);
    });
  }

  /** Takes the region away, gives the streams back, and leaves a last text in its place. */
  finish(text: string): void {
    for (const restore of this.#restore.splice(0)) restore();
    this.#render.clear();
    if (this.#partialLine !== "") this.#stream.write(`${this.#partialLine}\n`);
    this.#stream.write(text);
  }

  #own(write: () => void): void {
    this.#isOwnWrite = true;
    try {
      write();
    } finally {
      this.#isOwnWrite = false;
    }
  }

  #intercept(stream: OutputStream): void {
    const before = Object.getOwnPropertyDescriptor(stream, "write");
    const write = stream.write.bind(stream);
    const intercepted = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
      if (this.#isOwnWrite) return Reflect.apply(write, stream, [chunk, ...rest]);
      this.#onForeignText(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
      const callback = rest.at(-1);
      if (typeof callback === "function") queueMicrotask(() => callback());
      return true;
    };
    // `write` has overloads for its optional arguments; the function above takes every one of them.
    stream.write = intercepted;
    this.#restore.push(() => {
      if (before === undefined) Reflect.deleteProperty(stream, "write");
      else Object.defineProperty(stream, "write", before);
    });
  }

  #onForeignText(text: string): void {
    const lastBreak = text.lastIndexOf("\n");
    if (lastBreak < 0) {
      this.#partialLine += text;
      return;
    }
    const lines = this.#partialLine + text.slice(0, lastBreak + 1);
    this.#partialLine = text.slice(lastBreak + 1);
    this.printAbove(lines);
  }
}
