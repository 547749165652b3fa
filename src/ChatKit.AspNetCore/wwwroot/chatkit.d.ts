/** The server's acknowledgement of a message. */
export interface Ack {
  ref: string;
  /** The room and the position at which the server stored the message; absent if it handled the message and stored nothing. */
  room?: string;
  position?: string;
}

/**
 * - `malformed`: the server rejected the message as malformed.
 * - `forbidden`: the message would have brought the client into a room that it may not be in.
 * - `failed`: the server failed to handle the message.
 * - `unknown`: the server may or may not have handled the message, and it is too late to send it again.
 * - `closed`: the connection was closed before the message was sent, or the message was typed by another user.
 * - `too-big`: the message is larger than the server accepts.
 */
export type ErrorCode = 'malformed' | 'forbidden' | 'failed' | 'unknown' | 'closed' | 'too-big';

/** The error with which the promise of `send` is rejected. */
export interface ChatError extends Error {
  ref: string;
  code: ErrorCode;
}

export interface ChatMessage {
  /** Absent if the message is only for this client or this user. */
  room?: string;
  /** Absent if the message isn't stored. */
  position?: string;
  /** The id of the user who sent the message; absent if it was sent anonymously or by the server. */
  from?: string;
  at: Date;
  data: string | Uint8Array;
  /** False for messages that are older than the connection. */
  live: boolean;
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

export interface Presence {
  room: string;
  /** Everyone who is in the room now. */
  here: string[];
  joined: string[];
  left: string[];
}

/**
 * A message was refused. With the code `unavailable`, it waits until the server can store it. With `rate_limited`, it exceeded the limit,
 * and the client sends it and all later messages again on a new connection.
 */
export interface Refusal {
  /** Absent if the server couldn't read it. */
  ref?: string;
  code: ErrorCode | 'unavailable' | 'rate_limited';
  /** A description of the error for the user. */
  text: string;
  /** The content of the message, so that the page can offer it again; absent if the message is still pending. */
  data?: string | Uint8Array;
}

export interface ChatEvents {
  message: ChatMessage;
  gap: Gap;
  live: Live;
  state: StateChange;
  presence: Presence;
  ack: Ack;
  error: Refusal;
}

export interface Chat {
  readonly state: State;
  /** The id of the client's user, as the server states it. */
  readonly user?: string;
  /** The messages that the server hasn't acknowledged, in order. */
  readonly pending: { ref: string; data: string | Uint8Array }[];
  /** Calls the listener for each event of a type. Returns a function that removes the listener. */
  on<T extends keyof ChatEvents>(type: T, listener: (event: ChatEvents[T]) => void): () => void;
  /** Sends a message, now or when there is a connection. Resolves when the server has handled it; rejects with a `ChatError`. */
  send(data: string | Uint8Array): Promise<Ack>;
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
  /** Keeps the pending messages across a reload of the page. Default: `sessionStorage`; null for none. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /**
   * Returns a bearer token. The client calls this function before each attempt to connect, so that each attempt has a fresh token, and sends
   * the token as the subprotocol `bearer.<token>`. Its characters must be valid there, as those of a JWT are. If the function fails, the
   * attempt fails.
   */
  token?: () => string | Promise<string>;
  /** In milliseconds, for tests. */
  times?: { backoff?: number; backoffLimit?: number; connect?: number; refused?: number; busy?: number; resend?: number; claim?: number };
}

/**
 * Connects to a room and stays connected.
 * @param url The endpoint's path, relative to the page, or an absolute URL (http, https, ws, or wss).
 */
export function connect(url: string | URL, options?: ChatOptions): Chat;
