import { Listeners } from './listeners.js';
import { isAfter, parse } from './positions.js';

/** Tells the server how far the user has read: not too often, but the latest position for sure. */
class Cursor {
  wanted;
  #known; // by the server
  #isReady;
  #timer;
  #interval;
  #send;

  constructor(interval, send) {
    this.#interval = interval;
    this.#send = send;
  }

  read(position) {
    if (!isAfter(position, this.wanted)) return;
    this.wanted = position;
    this.#flush();
  }

  /** The client has caught up with the room, and knows the server's position. Positions of an earlier epoch mean nothing to the server. */
  start(position, latest) {
    if (parse(this.wanted)[0] !== parse(latest)[0]) this.wanted = undefined;
    this.follow(position);
    this.#isReady = true;
    this.#flush();
  }

  /** The user has read on another device. */
  follow(position) {
    if (isAfter(position, this.#known)) this.#known = position;
  }

  /** Sends the latest position now, because it can't be sent later. */
  finish() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flush();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = this.#known = undefined;
    this.#isReady = false;
  }

  #flush() {
    if (!this.#isReady || this.#timer || !isAfter(this.wanted, this.#known)) return;
    this.#known = this.wanted;
    this.#send(this.wanted);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.#interval);
  }
}

/** What the client knows of a room. */
export class RoomState {
  name;
  position;
  revision; // of the latest change
  first; // the oldest position that the page has received
  forks = []; // [epoch, sequence]: where epochs ended without a gap
  here = new Set();
  members = {};
  signals = new Map(); // when they were last sent, by name
  reads = new Map(); // the latest positions, by user
  history; // the last request
  cursor;

  // If the page has joined the room:
  room;
  listeners;
  isOwn; // The client alone enters the room. Otherwise, the server needs the position in the handshake.

  // On the current connection:
  entry; // 'asked', 'early' if the server had let the client in before, or 'in'
  isLive;
  announced; // the end of the announced gap
  isReset; // until the first message of the new stream

  constructor(name, interval, send) {
    this.name = name;
    this.cursor = new Cursor(interval, send);
  }

  /** The position from which to resume. */
  get resume() {
    return this.position && (this.revision ? `${this.position}/${this.revision}` : this.position);
  }

  drop() {
    this.entry = this.isLive = this.announced = this.isReset = undefined;
    this.cursor.stop();
  }

  reset() {
    this.revision = this.first = this.cursor.wanted = undefined;
    this.forks = [];
    this.isReset = true;
  }

  /** A user has read the room. Of two positions of one epoch, the later one counts. */
  follow(user, position) {
    const isNew = isAfter(position, this.reads.get(user));
    if (isNew) this.reads.set(user, position);
    return isNew;
  }

  /** The stream goes on, perhaps in another epoch. */
  fork(next) {
    const [epoch, last] = parse(this.position);
    if (next && epoch !== parse(next)[0]) this.forks.push([epoch, last]);
  }

  /** The position at which the page has received a message. The server states all positions in its latest epoch. */
  known(position) {
    const [, sequence] = parse(position);
    const fork = position && this.forks.find(([, last]) => sequence <= last);
    return fork ? `${fork[0]}:${sequence}` : position;
  }
}

/** What a page can do in a room. */
export class Conversation {
  #client;
  #state; // undefined for the home room

  constructor(client, state) {
    this.#client = client;
    this.#state = state;
  }

  get pending() {
    return this.#client.pending(this.#state?.name);
  }

  on(type, listener) {
    return (this.#state ?? this.#client).listeners.on(type, listener);
  }

  async send(data) {
    return this.#client.send(this.#state, 'message', { data });
  }

  async edit(position, data) {
    return this.#client.send(this.#state, 'edit', { position, data });
  }

  async delete(position) {
    return this.#client.send(this.#state, 'delete', { position });
  }

  signal(name, data) {
    this.#client.signal(this.#state, name, data);
  }

  read(position) {
    this.#client.read(this.#state, position);
  }

  older(limit = 50, before = undefined) {
    return this.#client.older(this.#state, limit, before);
  }
}

export class Room extends Conversation {
  #client;
  #state;

  constructor(client, state) {
    super(client, state);
    this.#client = client;
    this.#state = state;
    state.listeners = new Listeners();
  }

  get name() {
    return this.#state.name;
  }

  leave() {
    this.#client.leave(this.#state);
  }
}
