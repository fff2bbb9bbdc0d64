/** The least worker: says that it runs, and then echoes. */
import { parentPort } from "node:worker_threads";

parentPort?.on("message", (message: unknown) => parentPort?.postMessage(message));
parentPort?.postMessage("ok");
