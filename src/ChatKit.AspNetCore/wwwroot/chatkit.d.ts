/** What the server has done with a message. */
export interface Ack {
  ref: string;
  /** Where the server has stored it; absent if it has handled the message and stored nothing. */
  room?: string;
  position?: string;
}

/**
 * - `malformed`: the server could not read the message.
 * - `forbidden`: it was to bring the client into a room that it may not be in.
 * - `failed`: the server failed to handle it.
 * - `unknown`: the server may have the message or not, and it is too late to send it again.
 * - `closed`: the connection was closed before the message was sent, or another user has typed it.
 * - `too-big`: it is larger than the server takes.
 */
export type ErrorCode = 'malformed' | 'forbidden' | 'failed' | 'unknown' | 'closed' | 'too-big';

/** What `send` rejects with. */
export interface ChatError extends Error {
  ref: string;
  code: ErrorCode;
}

export interface ChatMessage {
  /** Absent if the message is for this client, or for this user, alone. */
  room?: string;
  /** Absent if the message is not stored. */
  position?: string;
  /** The id of the user who sent it; absent for nobody and for the server. */
  from?: string;
  at: Date;
  data: string | Uint8Array;
  /** False for what was there before this client (again) joined the room. */
  live: boolean;
}

/** Messages are missing, and will not come: the server has said so, or their positions were left out. */
export interface Gap {
  room: string;
  after: string;
  /** The position of the message that follows; absent if there is none yet. */
  next?: string;
  /** How many are missing; absent if that is not known, because of a reset. */
  missed?: number;
  /** Whether the server has lost the messages of the room, and begun anew. */
  reset: boolean;
}

/** The client has all that a room remembers; what comes now is new. */
export interface Live {
  room: string;
  /** Whether it had the room's messages before, and has been sent every one since. */
  recovered: boolean;
}

export type State = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'closed';

export interface StateChange {
  state: State;
  /** What the server has said on closing; may be empty. */
  reason?: string;
  /** The close code (RFC 6455); 1006 if the connection was lost. */
  code?: number;
  /** When the next attempt begins, in milliseconds since 1970; absent if it has begun. */
  retryAt?: number;
}

export interface Presence {
  room: string;
  /** All who are there now. */
  here: string[];
  joined: string[];
  left: string[];
}

/**
 * A message that was refused; with the code `unavailable` one that waits until the server can store it, with `rate_limited` one that
 * was too much at once, and is sent again, with those behind it, on a new connection.
 */
export interface Refusal {
  /** Absent if the server could not read it. */
  ref?: string;
  code: ErrorCode | 'unavailable' | 'rate_limited';
  /** What was wrong, for people. */
  text: string;
  /** What was not sent, to be put back to where it was typed; absent for what is still pending. */
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
  /** The id of the user that the server takes this client for. */
  readonly user?: string;
  /** What is not acknowledged yet, in order. */
  readonly pending: { ref: string; data: string | Uint8Array }[];
  /** Calls the listener for each event of a type. Returns a function that ends that. */
  on<T extends keyof ChatEvents>(type: T, listener: (event: ChatEvents[T]) => void): () => void;
  /** Sends a message, now or when there is a connection. Resolves when the server has handled it; rejects with a `ChatError`. */
  send(data: string | Uint8Array): Promise<Ack>;
  /** Connects now, instead of waiting for the next attempt or staying closed. */
  reconnect(): void;
  /** Ends the connection for good. What is pending is given up. */
  close(): void;
}

export interface ChatOptions {
  /**
   * The position of each room up to which the page shows its messages already, for example because the server has rendered them. Parameters
   * `after` of the URL (`after=lobby~5k2j9:42`) do the same.
   */
  after?: Record<string, string>;
  /** Keeps what is pending over a reload of the page. Default: `sessionStorage`; null for none. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /**
   * Asked for a bearer token before each attempt to connect, so that each can have a fresh one. It goes to the server as the subprotocol
   * `bearer.<token>`; what it consists of must be fit for that, as a JWT is. If it fails, the attempt has failed.
   */
  token?: () => string | Promise<string>;
  /** In milliseconds, for tests. */
  times?: { backoff?: number; backoffLimit?: number; connect?: number; refused?: number; busy?: number; resend?: number; claim?: number };
}

/**
 * Connects to a room, and stays connected.
 * @param url The endpoint's path, relative to the page, or a whole URL (http, https, ws or wss).
 */
export function connect(url: string | URL, options?: ChatOptions): Chat;
