import type { Ack, Chat, ChatMessage, ChatOptions, Data, Json, Pending, Refusal, State, Transport } from './chatkit.js';

/** Messages are missing and will not arrive. */
export interface MissingMessages {
  /** Their number; absent if it is unknown because of a reset. */
  missed?: number;
  /** Whether the server has lost the room's messages and started a new stream. */
  reset: boolean;
}

/** A message in its latest state. Its identity changes only when its content does. */
export interface Message extends ChatMessage {
  /** A key for React. */
  key: string;
  /** What is missing before this message; absent if nothing is. */
  gap?: MissingMessages;
}

/** The state of a connection. A component renders again only if something changes that it has read. */
export interface ChatView {
  readonly state: State;
  /** The reason, the code and the time of the next attempt, as in the `state` event. */
  readonly reason?: string;
  readonly code?: number;
  readonly retryAt?: number;
  /** The id of the user, and the name of the home room, as the server states them; absent before. */
  readonly user?: string;
  readonly home?: string;
  /** How the client is connected; absent if it isn't. */
  readonly transport?: Transport;
  /** The latest error that concerns no room and none of the messages; absent once the server has acknowledged one. */
  readonly error?: Refusal;
  /** The connection itself; absent until the component is mounted, and without a URL. */
  readonly client?: Chat;
  /** Connects now, instead of waiting for the next attempt or staying closed. */
  readonly reconnect: () => void;
}

/** A room. A component renders again only if something changes that it has read. The functions stay the same. */
export interface RoomView {
  /** `live` once the room has caught up; `closed` also if the client may not be in the room, or was taken out of it. */
  readonly state: State;
  /** In the order of the room, with edits and deletions applied: the latest 1,000, and those before them that `older` has got. */
  readonly messages: readonly Message[];
  /** What the server hasn't acknowledged, in order. */
  readonly pending: readonly Pending[];
  /** What is missing after the last message; absent if nothing is. */
  readonly gap?: MissingMessages;
  /** Whether the server may have older messages. */
  readonly hasOlder: boolean;
  /** The number of messages that the user hasn't read: as the server tracks it, or else of those that arrived while the component was mounted. */
  readonly unread: number;
  /** The position up to which the user has read; absent if it isn't known. */
  readonly read?: string;
  /** The positions up to which users have read, by id, as far as the server has sent them since the client connected. */
  readonly reads: Readonly<Record<string, string>>;
  /** Everyone who is in the room, their data, and their number, if the server tracks it. */
  readonly here: readonly string[];
  readonly members: Readonly<Record<string, Json>>;
  readonly count: number;
  /** Who is typing: those whose signal `typing` is less than 4 seconds old. */
  readonly typing: readonly string[];
  /** The latest refusal of a message, until the server acknowledges one; or why the state is `closed`, with the code `left` if the server said so. */
  readonly error?: Refusal;

  /** Sends a message, now or when there is a connection. Resolves when the server has handled it; rejects with a `ChatError`. */
  readonly send: (data: Data) => Promise<Ack>;
  /** Replaces the content of a message, like `send`. */
  readonly edit: (position: string, data: Data) => Promise<Ack>;
  /** Deletes the content of a message, like `send`. */
  readonly remove: (position: string) => Promise<Ack>;
  /**
   * Gets older messages, and adds them to `messages`. A call while one is in progress returns the same promise. It rejects with a `ChatError`, with
   * the code `closed` if there is no connection.
   * @param limit The maximum number of messages. Default: 50.
   */
  readonly older: (limit?: number) => Promise<void>;
  /** Sends a signal such as `typing`. You can call it on each key stroke. */
  readonly signal: (name: string, data?: string) => void;
  /** States that the user has read up to a position. Default: that of the last message. */
  readonly markRead: (position?: string) => void;
}

/**
 * Connects when the component is mounted, and disconnects when it is unmounted, which discards the pending messages. Another URL makes another
 * connection. Use it once for each URL, in a component that stays mounted, and pass on what it returns.
 * @param url As in `connect`. Without one, there is no connection.
 * @param options As in `connect`. Those of the first render count, except that the latest `token` is called.
 */
export function useChat(url: string | URL | null | undefined, options?: ChatOptions): ChatView;

/**
 * Uses a room of the connection. Several components can use the same room.
 * @param chat What `useChat` returned.
 * @param name The name of a room, which the client joins while a component uses it, if the endpoint has `AllowClientJoins`. Default: the home room.
 */
export function useRoom(chat: ChatView, name?: string): RoomView;
