/** All subjects, in the order in which they run: what others are compared with first, what takes longest last. */
import type { Row, Rows } from "./row.ts";

export type Subject =
  "limits" | "peers" | "messages" | "tasks" | "actors" | "objects" | "startup" | "idle" | "envelope";

/** Loaded one by one, so that a row's process holds its own subject only. */
export const subjects: Readonly<Record<Subject, () => Promise<{ readonly rows: Rows }>>> = {
  limits: () => import("./limits.ts"),
  peers: () => import("./peers.ts"),
  messages: () => import("./messages.ts"),
  tasks: () => import("./tasks.ts"),
  actors: () => import("./actors.ts"),
  objects: () => import("./objects.ts"),
  startup: () => import("./startup.ts"),
  idle: () => import("./idle.ts"),
  envelope: () => import("./envelope.ts"),
};

export interface ListedRow extends Row {
  readonly subject: Subject;
}

/** Every row of every subject. */
export async function listRows(context: Parameters<Rows>[0]): Promise<ListedRow[]> {
  const all: ListedRow[] = [];
  for (const [subject, load] of Object.entries(subjects)) {
    const { rows } = await load();
    all.push(...rows(context).map((row) => ({ ...row, subject: subject as Subject }))); // a key of `subjects`
  }
  return all;
}
