/** The server's acknowledgement of a message. */
export interface Ack {
  ref: string;
  /** Where the server stored the message; absent if it handled the message and stored nothing. */
  room?: string;
  position?: string;
}

/**
 * - `malformed`: the server couldn't parse the message.
 * - `forbidden`: the client was denied access to the room that it would have joined.
 * - `failed`: the server failed to handle the message.
 * - `unknown`: it isn't known whether the server has the message, and it is too late to send it again.
 * - `closed`: the connection was closed before the message was sent, or the message is from another user.
 * - `too-big`: the message is larger than the server's limit.
 */
export type ErrorCode = 'malformed' | 'forbidden' | 'failed' | 'unknown' | 'closed' | 'too-big';

/** The error with which `send` rejects. */
export interface ChatError extends Error {
  ref: string;
  code: ErrorCode;
}

export interface ChatMessage {
  /** Absent if the message is only for this client or this user. */
  room?: string;
  /** Absent if the message is not stored. */
  position?: string;
  /** The sender's user id; absent if the sender is anonymous or the server. */
  from?: string;
  at: Date;
  data: string | Uint8Array;
  /** False if the message was stored before this client joined or rejoined the room. */
  live: boolean;
}

/** Messages are missing and won't arrive. The server has reported it, or their positions were skipped. */
export interface Gap {
  room: string;
  after: string;
  /** The position of the next message; absent if there is none yet. */
  next?: string;
  /** The number of missing messages; absent if it is unknown because of a reset. */
  missed?: number;
  /** Whether the server has lost the room's messages and started a new stream. */
  reset: boolean;
}

/** The client has received all stored messages of a room. All further messages are new. */
export interface Live {
  room: string;
  /** Whether the client resumed in the room and missed no message. */
  recovered: boolean;
}

export type State = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'closed';

export interface StateChange {
  state: State;
  /** The server's close reason; may be empty. */
  reason?: string;
  /** The close code (RFC 6455); 1006 if the connection was lost. */
  code?: number;
  /** When the next attempt starts, in milliseconds since 1970; absent if it has started. */
  retryAt?: number;
}

export interface Presence {
  room: string;
  /** All members of the room. */
  here: string[];
  joined: string[];
  left: string[];
}

/**
 * A refused message. With the code `unavailable`, it waits until the server can store it. With `rate_limited`, it exceeded the rate; the
 * client sends it, and those after it, again on a new connection.
 */
export interface Refusal {
  /** Absent if the server couldn't parse the message. */
  ref?: string;
  code: ErrorCode | 'unavailable' | 'rate_limited';
  /** What is wrong, for people. */
  text: string;
  /** The data that wasn't sent, so that the page can restore it to the input; absent if the message is still pending. */
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
  /** The id of this client's user, according to the server. */
  readonly user?: string;
  /** The messages that aren't acknowledged yet, in order. */
  readonly pending: { ref: string; data: string | Uint8Array }[];
  /** Adds a listener for events of a type. Returns a function that removes it. */
  on<T extends keyof ChatEvents>(type: T, listener: (event: ChatEvents[T]) => void): () => void;
  /** Sends a message now, or when there is a connection. Resolves when the server has handled it; rejects with a `ChatError`. */
  send(data: string | Uint8Array): Promise<Ack>;
  /** Connects now, instead of waiting for the next attempt or staying closed. */
  reconnect(): void;
  /** Closes the connection permanently. Pending messages are abandoned. */
  close(): void;
}

export interface ChatOptions {
  /**
   * The position, by room, up to which the page already shows messages, for example because the server has rendered them. You can also pass
   * it as parameters of the URL (`after=lobby~5k2j9:42`).
   */
  after?: Record<string, string>;
  /** Stores pending messages during a reload of the page. Default: `sessionStorage`; null for none. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /**
   * Returns a bearer token. It is called before each attempt to connect, so that each attempt can use a fresh token. The token is sent as the
   * subprotocol `bearer.<token>`, so it must contain only characters that are valid there, as a JWT does. If it fails, the attempt fails.
   */
  token?: () => string | Promise<string>;
  /** In milliseconds, for tests. */
  times?: { backoff?: number; backoffLimit?: number; connect?: number; refused?: number; busy?: number; resend?: number; claim?: number };
}

/**
 * Connects to a room and stays connected.
 * @param url The endpoint's path, relative to the page, or a whole URL (http, https, ws or wss).
 */
export function connect(url: string | URL, options?: ChatOptions): Chat;
