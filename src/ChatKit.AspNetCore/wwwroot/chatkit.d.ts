/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** What a message contains: a text, bytes, or an object or array that is sent as JSON. */
export type Data = string | Uint8Array | object;

/** The content of a message: either `data`, or `json`. Both are absent if the message was deleted. */
export interface Content {
  data?: string | Uint8Array;
  json?: Json;
}

/** The server's acknowledgement of a message. */
export interface Ack {
  ref: string;
  /** The room and the position at which the server stored the message; absent if it handled the message and stored nothing. */
  room?: string;
  position?: string;
}

/**
 * - `malformed`: the server rejected the message as malformed.
 * - `forbidden`: the client may not be in the room, or may not edit or delete the message.
 * - `not_joined`: the client isn't in the room, or has left it.
 * - `gone`: the message to be edited or deleted is no longer stored.
 * - `failed`: the server failed to handle the message.
 * - `unknown`: the server may or may not have handled the message, and it is too late to send it again.
 * - `closed`: the connection was closed, or the room was left, before the message was sent; or the message was typed by another user.
 * - `too-big`: the message is larger than the server accepts.
 */
export type ErrorCode = 'malformed' | 'forbidden' | 'not_joined' | 'gone' | 'failed' | 'unknown' | 'closed' | 'too-big' | (string & {});

/** The error with which a promise is rejected. */
export interface ChatError extends Error {
  ref?: string;
  code: ErrorCode;
}

export interface ChatMessage extends Content {
  /** Absent if the message is only for this client or this user. */
  room?: string;
  /** Absent if the message isn't stored. */
  position?: string;
  /** The id of the user who sent the message; absent if it was sent anonymously or by the server. */
  from?: string;
  at: Date;
  /** When the message was last edited or deleted; absent if it wasn't. */
  edited?: Date;
  /** Whether the message was deleted. It has no content then, and only its position is left. */
  deleted: boolean;
  /** False for messages that are older than the connection. */
  live: boolean;
}

/** A message was edited or deleted. A page ignores changes of messages that it doesn't show. */
export interface Change extends Content {
  room: string;
  /** The position of the message, which stays the same. */
  position: string;
  at: Date;
  /** The id of the user who changed the message; absent if it was changed anonymously or by the server. */
  by?: string;
  deleted: boolean;
}

/** Something that is only true for a moment, such as that somebody is typing. Signals are not stored, and can be lost. */
export interface Signal {
  room: string;
  /** The id of the user who sent the signal; absent if it was sent anonymously or by the server. */
  from?: string;
  name: string;
  data?: string;
}

/** The server has taken the client out of a room. The client doesn't join it again by itself. */
export interface Left {
  room: string;
  /** The server's reason, for the user. */
  reason?: string;
}

/** A user has read the messages of a room up to a position. */
export interface Read {
  room: string;
  user: string;
  position: string;
}

/** Messages that are older than those that the client has reported. */
export interface OlderMessages {
  /** In the order of the room. */
  messages: ChatMessage[];
  /** Whether the server has still older ones. */
  more: boolean;
}

/** Messages are missing and will not arrive, as announced by the server or shown by the positions. */
export interface Gap {
  room: string;
  after: string;
  /** The position of the following message; absent if there is none yet. */
  next?: string;
  /** The number of missing messages; absent if it is unknown because of a reset. */
  missed?: number;
  /** Whether the server has lost the room's messages and started a new stream. */
  reset: boolean;
}

/** The client has caught up with a room. All further messages are new. */
export interface Live {
  room: string;
  /** Whether the client resumed and has received every message since its position. */
  recovered: boolean;
  /** The position up to which the user has read the room, on any device; absent if the server doesn't track it or doesn't know. */
  read?: string;
  /** The number of stored messages after it; absent if the server doesn't track it. */
  unread?: number;
}

export type State = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'closed';

export interface StateChange {
  state: State;
  /** The reason in the close frame; can be empty. */
  reason?: string;
  /** The close code (RFC 6455); 1006 if the connection was lost. */
  code?: number;
  /** The time of the next attempt, in milliseconds since 1970; absent if it is in progress. */
  retryAt?: number;
}

/** A way to reach the server: a WebSocket, an event stream with posts, or long polls with posts. */
export type Transport = 'websocket' | 'eventsource' | 'polling';

export interface Presence {
  room: string;
  /** Everyone who is in the room now; empty if the room is so large that the server only states their number. */
  here: string[];
  /** The number of those who are in the room now. */
  count: number;
  joined: string[];
  left: string[];
  /** Those whose data in `members` has changed. */
  changed: string[];
  /** What the server's handler has set for those who are here, by id, for example a display name. */
  members: Record<string, Json>;
}

/**
 * A message or a join was refused. With the code `unavailable`, it waits until the server can store it. With `rate_limited`, it exceeded the limit,
 * and the client sends it and all later messages again on a new connection.
 */
export interface Refusal extends Content {
  /** Absent if the server couldn't read it. */
  ref?: string;
  /** What was refused; absent if it is still pending, or if it was a join. */
  kind?: 'message' | 'edit' | 'delete';
  /** The room of the message, or the room that the client may not join; absent if the message is still pending. */
  room?: string;
  /** The position of the message to be edited or deleted. */
  position?: string;
  code: ErrorCode | 'too_many_rooms' | 'unsupported' | 'unavailable' | 'rate_limited';
  /** A description of the error for the user. */
  text: string;
}

/** A message, or a change of one, that the server hasn't acknowledged. */
export interface Pending extends Content {
  ref: string;
  kind: 'message' | 'edit' | 'delete';
  /** Absent until the client knows the name of the home room. */
  room?: string;
  /** The position of the message to be edited or deleted. */
  position?: string;
}

export interface RoomEvents {
  message: ChatMessage;
  change: Change;
  gap: Gap;
  live: Live;
  presence: Presence;
  signal: Signal;
  read: Read;
  left: Left;
  ack: Ack;
  error: Refusal;
}

export interface ChatEvents extends RoomEvents {
  state: StateChange;
}

/** What a page can do in a room. */
export interface Conversation<Events> {
  /** What the server hasn't acknowledged, in order: in this room, or in all rooms. */
  readonly pending: Pending[];
  /** Calls the listener for each event of a type: of this room, or of all rooms. Returns a function that removes the listener. */
  on<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): () => void;
  /** Sends a message, now or when there is a connection. Resolves when the server has handled it; rejects with a `ChatError`. */
  send(data: Data): Promise<Ack>;
  /** Replaces the content of a message, like `send`. The server's handler decides who may do so. */
  edit(position: string, data: Data): Promise<Ack>;
  /** Deletes the content of a message, like `edit`. */
  delete(position: string): Promise<Ack>;
  /**
   * Sends a signal to the others in the room, at most one with each name in 2 seconds, and none without a connection. So you can call it on
   * each key stroke.
   * @param name 1 to 32 characters.
   */
  signal(name: string, data?: string): void;
  /** States that the user has read the room up to a position. Sends the latest position, at most once a second. */
  read(position: string): void;
  /**
   * Gets messages that are older than those that the client has reported. Each call continues where the previous one ended. Rejects with a
   * `ChatError`, with the code `closed` if the connection is lost meanwhile.
   * @param limit The maximum number of messages. Default: 50.
   * @param before The position before which to start. Default: the oldest position that the client has reported.
   */
  older(limit?: number, before?: string): Promise<OlderMessages>;
}

/** A room that the client has joined. It joins the room again on each connection. */
export interface Room extends Conversation<RoomEvents> {
  readonly name: string;
  /** Leaves the room. Its events end at once, and its position is forgotten. */
  leave(): void;
}

/** A connection. Without a room, the members mean the home room. */
export interface Chat extends Conversation<ChatEvents> {
  readonly state: State;
  /** The name of the home room; absent until the server has stated it. */
  readonly home?: string;
  /** The id of the client's user, as the server states it. */
  readonly user?: string;
  /** How the client is connected; absent if it isn't. */
  readonly transport?: Transport;
  /** Joins a room, on endpoints with `AllowClientJoins`. Returns the same object for the same room until the page leaves it. */
  join(room: string): Room;
  /** Connects now, instead of waiting for the next attempt or staying closed. */
  reconnect(): void;
  /** Closes the connection for good and discards the pending messages. */
  close(): void;
}

export interface ChatOptions {
  /**
   * The position, for each room, up to which the page already shows the messages, for example because the server has rendered them. You can
   * also use parameters of the URL (`after=lobby~5k2j9:42`).
   */
  after?: Record<string, string>;
  /** Keeps the pending messages across a reload of the page. Default: `sessionStorage` in a page, and otherwise none; null for none. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /**
   * Returns a bearer token. The client calls this function before each attempt to connect, so that each attempt has a fresh token, also before
   * the token expires and the client moves to a new connection. It sends the token as the subprotocol `bearer.<token>`. Its characters must be
   * valid there, as those of a JWT are. If the function fails, the attempt fails.
   */
  token?: () => string | Promise<string>;
  /**
   * The transports that the client may use, the preferred one first. It uses another one only while those before it don't get through, and if
   * the endpoint allows it. Default: `['websocket', 'eventsource', 'polling']`.
   */
  transports?: Transport[];
  /** The class of the WebSockets, for example that of the package `ws` in Node.js 20. Default: the global one. */
  WebSocket?: new (url: URL, protocols: string | string[]) => object;
  /** In milliseconds, for tests. */
  times?: {
    backoff?: number; backoffLimit?: number; connect?: number; refused?: number; busy?: number;
    resend?: number; claim?: number; read?: number; signal?: number; fallback?: number; better?: number; grace?: number;
  };
}

/**
 * Connects to a room and stays connected.
 * @param url The endpoint's path, relative to the page, or an absolute URL (http, https, ws, or wss). Outside of a page, it must be absolute.
 */
export function connect(url: string | URL, options?: ChatOptions): Chat;
