/**
 * The messages that each actor costs, as bytes. A thread that makes many actors says so in runs (`times`), and is
 * answered in runs; what is rare (names, errors of constructors, restarts) is packed as plain data.
 *
 *   actor.register   4, times u16, template u32, first u48
 *   actor.place      5, times u16, first u48, address u32, incarnation u32, workerId
 *   actor.create     6, flags, template u32, count u48, address u32, incarnation u32, args
 *   actor.created    7, times u16, first u32
 *   actor.kill       8, noRestart, actorId
 *   actor.release    9, times u32, actorId
 *   actor.drop      10, address u32
 *   actor.leave     11, address u32
 *   actor.exited    12, reason, address u32
 *   actor.update    13, kind of death, actorId
 */
import { usualDeaths } from "../core/actor-deaths.ts";
import type { Message } from "./channel.ts";
import type { NodeToPeer, PeerToNode, PeerToPeer } from "./protocol.ts";
import { get16, get32, getCount, getText, put16, put32, putCount, putText, scratch } from "./scratch.ts";
import { appendArguments, argumentsFrom, isSimpleArguments, SIMPLE } from "./wire-values.ts";

const Form = {
  register: 4,
  place: 5,
  create: 6,
  created: 7,
  kill: 8,
  release: 9,
  drop: 10,
  leave: 11,
  exited: 12,
  ended: 13,
} as const;

type ToNode<T extends string> = Extract<PeerToNode, { t: T }>;
type FromNode<T extends string> = Extract<NodeToPeer, { t: T }>;
type Create = Extract<PeerToPeer, { t: "actor.create" }>;

const REASONS = ["exited", "out-of-scope"] as const;

/** Encodes into {@link scratch}; returns the length, or 0 for what has no layout of its own. */
export function encodeActorFrame(message: Message): number {
  // The discriminant names the type: it is of one direction only.
  switch (message.t) {
    case "actor.register":
      return encodeRegister(message as ToNode<"actor.register">);
    case "actor.place":
      return encodePlace(message as FromNode<"actor.place">);
    case "actor.create":
      return encodeCreate(message as Create);
    case "actor.created": {
      const { first, times } = message as ToNode<"actor.created">;
      return put32(begin(Form.created, times), 3, first);
    }
    case "actor.kill": {
      const { actorId, noRestart } = message as ToNode<"actor.kill">;
      return putText(begin(Form.kill, noRestart ? 1 : 0), 3, actorId);
    }
    case "actor.release": {
      const { actorId, times } = message as ToNode<"actor.release">;
      const bytes = begin(Form.release, 0);
      return putText(bytes, put32(bytes, 3, times), actorId);
    }
    case "actor.drop":
      return put32(begin(Form.drop, 0), 3, (message as FromNode<"actor.drop">).address);
    case "actor.leave":
      return put32(begin(Form.leave, 0), 3, (message as FromNode<"actor.leave">).address);
    case "actor.exited": {
      const { address, reason } = message as ToNode<"actor.exited">;
      return put32(begin(Form.exited, REASONS.indexOf(reason)), 3, address);
    }
    case "actor.update": {
      const { actorId, state, cause } = (message as FromNode<"actor.update">).update;
      const death = state === "DEAD" ? usualDeaths.indexOf(cause) : -1;
      return death < 0 ? 0 : putText(begin(Form.ended, death), 3, actorId);
    }
    default:
      return 0;
  }
}

export function decodeActorFrame(bytes: Buffer, start: number, end: number): Message {
  const small = get16(bytes, start + 1);
  const at = start + 3;
  switch (bytes[start]) {
    case Form.register: {
      const [template, first] = [get32(bytes, at), getCount(bytes, at + 4)];
      return toNode({ t: "actor.register", template, first, times: small });
    }
    case Form.place:
      return fromNode({
        t: "actor.place",
        first: getCount(bytes, at),
        times: small,
        workerId: getText(bytes, at + 14),
        address: get32(bytes, at + 6),
        incarnation: get32(bytes, at + 10),
      });
    case Form.create:
      return decodeCreate(bytes, start, end);
    case Form.created:
      return toNode({ t: "actor.created", first: get32(bytes, at), times: small });
    case Form.kill:
      return toNode({ t: "actor.kill", actorId: getText(bytes, at), noRestart: small === 1 });
    case Form.release:
      return toNode({ t: "actor.release", actorId: getText(bytes, at + 4), times: get32(bytes, at) });
    case Form.drop:
      return fromNode({ t: "actor.drop", address: get32(bytes, at) });
    case Form.leave:
      return fromNode({ t: "actor.leave", address: get32(bytes, at) });
    case Form.exited:
      return toNode({ t: "actor.exited", address: get32(bytes, at), reason: REASONS[small] ?? "exited" });
    case Form.ended: {
      const dead = { state: "DEAD", workerId: undefined, address: 0, incarnation: 0 } as const;
      return fromNode({
        t: "actor.update",
        update: { ...dead, actorId: getText(bytes, at), cause: usualDeaths[small] },
      });
    }
    default:
      throw new Error(`a message begins with ${String(bytes[start])}, which is no form`);
  }
}

const toNode = (message: PeerToNode): Message => message;
const fromNode = (message: NodeToPeer): Message => message;

function begin(form: number, small: number): Buffer {
  const { bytes } = scratch;
  bytes[0] = form;
  put16(bytes, 1, small);
  return bytes;
}

function encodeRegister({ template, first, times }: ToNode<"actor.register">): number {
  const bytes = begin(Form.register, times);
  putCount(bytes, put32(bytes, 3, template), first);
  return 13;
}

function encodePlace({ first, times, workerId, address, incarnation }: FromNode<"actor.place">): number {
  const bytes = begin(Form.place, times);
  putCount(bytes, 3, first);
  return putText(bytes, put32(bytes, put32(bytes, 9, address), incarnation), workerId);
}

function encodeCreate({ template, count, name, address, incarnation, args }: Create): number {
  if (name !== undefined) return 0;
  const bytes = begin(Form.create, isSimpleArguments(args) ? SIMPLE : 0);
  putCount(bytes, put32(bytes, 3, template), count);
  return appendArguments(put32(bytes, put32(bytes, 13, address), incarnation), args);
}

function decodeCreate(bytes: Buffer, start: number, end: number): Message {
  const create: Create = {
    t: "actor.create",
    template: get32(bytes, start + 3),
    count: getCount(bytes, start + 7),
    name: undefined,
    address: get32(bytes, start + 13),
    incarnation: get32(bytes, start + 17),
    args: argumentsFrom(bytes, start + 21, end, bytes[start + 1] ?? 0),
  };
  return create;
}
