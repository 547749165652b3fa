import { Connection } from './connection.js';
import { Listeners, onPage } from './listeners.js';
import { Outbox, errorOf } from './outbox.js';
import { fromPayload, toPayload } from './payload.js';
import { move, parse } from './positions.js';
import { Room, RoomState } from './rooms.js';
import { Store } from './storage.js';

// In milliseconds.
const TIMES = {
  backoff: 500,
  backoffLimit: 30_000,
  connect: 10_000, // Without a network, an attempt can hang for minutes.
  refused: 10_000,
  busy: 5_000,
  resend: 240_000, // The server keeps a ref for a minute longer.
  claim: 5_000,
  read: 1_000,
  signal: 2_000,
  fallback: 5_000, // A transport that is blocked can hang as well.
};

// Proxies refuse much longer URLs.
const MAX_URL = 4_000;

const ANSWERS = ['ack', 'error'];

const NO_CONNECTION = { code: 'closed', text: 'There is no connection.' };

/** The rooms that the client is in, and what it exchanges with the server. */
export class Client {
  home; // the name of the home room, once it is known
  listeners = new Listeners();

  #times;
  #connection;
  #outbox;
  #session = crypto.getRandomValues(new Uint32Array(4)).join('.'); // randomUUID() requires HTTPS.
  #count = 0; // of requests
  #events = [];
  rooms = new Map(); // by name, the one with the latest message last

  // Of the current connection:
  requests = new Map(); // by ref: { index, answer }
  #leaving = new Map(); // by room, how many answers are due
  #unnamed = []; // rooms whose positions don't fit into the URL
  #joining = []; // rooms that wait for their turn
  #allowed; // the number of frames after which rooms have to wait

  // If the server has found that the client sends too much:
  burst = Infinity;
  #interval = 1_000;
  #pause;

  constructor(url, { after = {}, storage, times, ...options }) {
    const address = new URL(url, globalThis.document?.baseURI);
    address.protocol = address.protocol.replace('http', 'ws');
    this.#times = { ...TIMES, ...times };
    const starts = address.searchParams.getAll('after').map((start) => start.split(/~(?=[^~]*$)/));
    address.searchParams.delete('after');
    for (const [room, start] of [...starts, ...Object.entries(after)]) {
      const [, position, revision] = /^(.*:\d+)(?:\/(\d+))?$/s.exec(start) ?? [];
      if (!position) throw new TypeError(`'${start}' isn't a position.`);
      const state = this.#stateOf(room);
      state.revision = Number(revision) || undefined;
      this.#reach(state, position);
    }

    const store = new Store(storage);
    this.#connection = new Connection(this, address, { ...options, times: this.#times, store });
    this.#outbox = new Outbox(this, this.#connection, this.#session, { store, times: this.#times, key: `chatkit:${address}` });
    onPage('pagehide', () => this.#finish(), this.#connection.lifetime.signal);
  }

  get state() {
    return this.#connection.state;
  }

  get user() {
    return this.#connection.user || undefined;
  }

  get transport() {
    return this.#connection.transport;
  }

  open() {
    this.#connection.open();
  }

  close() {
    this.#finish();
    this.#connection.close();
  }

  pending(room) {
    return this.#outbox.pending(room);
  }

  /** Whether the client can send to a room. */
  isIn(room) {
    return room === undefined || room === this.#connection.welcome?.room || Boolean(this.rooms.get(room)?.entry);
  }

  /** Events that a listener causes follow after all listeners have received the current one. */
  emit(type, event, room = event.room) {
    if (this.#leaving.has(room) && !ANSWERS.includes(type)) return;
    if (this.#events.push([type, event, this.rooms.get(room)]) > 1) return;
    for (const [type, event, state] of this.#events) {
      this.listeners.call(type, event);
      state?.listeners?.call(type, event);
    }
    this.#events = [];
  }

  // What the page asks for. Without a state, it means the home room.

  join(name) {
    const state = this.#stateOf(name);
    if (!state.room) {
      state.room = new Room(this, state);
      if (this.#connection.welcome) this.#enter([state]);
    }

    return state.room;
  }

  leave(state) {
    if (!this.#isJoined(state)) return;
    const { welcome } = this.#connection;
    const { name } = state;
    state.cursor.finish();
    state.listeners.clear();
    this.#forget(state);
    this.#outbox.leave(name);
    if (!welcome || (!state.entry && name !== welcome.room)) return;
    // Until the answer, the server can send what it sent to the room before.
    this.#leaving.set(name, (this.#leaving.get(name) ?? 0) + 1);
    this.#request({ type: 'leave', room: name }, (error) => {
      const left = this.#leaving.get(name) - 1;
      if (left) this.#leaving.set(name, left);
      else this.#leaving.delete(name);
      if (error && error !== NO_CONNECTION) this.emit('error', { ...error, room: name });
    });
  }

  send(state, type, { position, data }) {
    const isGone = state && !this.#isJoined(state);
    const payload = type === 'delete' ? {} : toPayload(data);
    return this.#outbox.add(
      { type, room: state?.name, position, ...payload },
      isGone && { code: 'not_joined', text: 'The client has left the room.' });
  }

  signal(state = this.#stateOf(this.home), name, data) {
    const now = Date.now();
    if (!this.#canSend(state) || now - state.signals.get(name) < this.#times.signal) return;
    state.signals.set(name, now);
    this.#send({ type: 'signal', room: this.#address(state), name, data });
  }

  read(state = this.#stateOf(this.home), position) {
    state.cursor.read(position);
  }

  /** One request after the other, so that each continues where the previous one ended. */
  older(state = this.#stateOf(this.home), limit, before) {
    const result = Promise.resolve(state.history).catch(() => {}).then(() => this.#older(state, limit, before));
    state.history = result;
    return result;
  }

  #older(state, limit, before = state.first) {
    return new Promise((resolve, reject) => {
      if (!this.#canSend(state)) throw errorOf(NO_CONNECTION);
      this.#request({ type: 'history', room: this.#address(state), before, limit }, (error, frame) => {
        if (error) {
          reject(errorOf(error));
          return;
        }

        const messages = frame.messages.map((message) =>
          this.#toMessage({ room: state.name, ...message, position: state.known(message.position) }, false));
        state.first = messages[0]?.position ?? state.first;
        resolve({ messages, more: Boolean(frame.more) });
      });
    });
  }

  #finish() {
    for (const { cursor } of this.rooms.values()) cursor.finish();
  }

  #isJoined(state) {
    return this.rooms.get(state.name) === state && state.room;
  }

  #canSend(state) {
    return this.#connection.isOpen && this.rooms.get(state.name) === state && this.isIn(state.name);
  }

  /** The home room needs no name. */
  #address({ name }) {
    return name === this.home ? undefined : name;
  }

  #stateOf(name) {
    let state = this.rooms.get(name);
    if (!state) {
      state = new RoomState(name, this.#times.read, (position) => this.#send({ type: 'read', room: this.#address(state), position }));
      this.rooms.set(name, state);
    }

    return state;
  }

  #forget(state) {
    state.cursor.stop();
    this.rooms.delete(state.name);
    this.#joining = this.#joining.filter((other) => other !== state);
  }

  #send(frame) {
    this.#connection.send(JSON.stringify(frame));
  }

  #request({ type, ...content }, answer) {
    const ref = `${this.#session}-r${++this.#count}`;
    this.requests.set(ref, { index: this.#connection.sent, answer });
    this.#send({ type, ref, ...content });
  }

  #answer(ref, ...answer) {
    const request = this.requests.get(ref);
    this.requests.delete(ref);
    request?.answer(...answer);
    return Boolean(request);
  }

  // Entering rooms

  /** Names the positions in rooms: in all, or in those that the server lets the client into by itself. */
  namePositions(url, isWhole, limit = MAX_URL) {
    const rooms = [...this.rooms.values()].filter((state) => state.position && (isWhole || !state.isOwn)).reverse();
    let named = 0;
    while (named < rooms.length && url.href.length < limit) {
      const { name, resume } = rooms[named++];
      url.searchParams.append('after', `${name}~${resume}`);
    }
    this.#unnamed = rooms.slice(named);
    if (this.#unnamed.length) url.searchParams.set('resume', 'frame');
  }

  #resume(rooms) {
    const frame = JSON.stringify({ type: 'resume', after: Object.fromEntries(rooms.map(({ name, resume }) => [name, resume])) });
    const half = rooms.length >> 1;
    if (this.#connection.fits(frame)) {
      this.#connection.send(frame);
    } else if (half) {
      this.#resume(rooms.slice(0, half));
      this.#resume(rooms.slice(half));
    }
  }

  #enter(states) {
    this.#joining.push(...states);
    clearTimeout(this.#pause);
    while (this.#joining.length && this.#connection.sent < this.#allowed) this.#join(this.#joining.shift());
    this.#outbox.transmit();
    if (!this.#joining.length) return;
    this.#pause = setTimeout(() => {
      this.#allowed = this.#connection.sent + 1;
      this.#enter([]);
    }, this.#interval);
  }

  #join(state) {
    const { name } = state;
    if (name === this.home) return;
    state.entry = state.isLive ? 'early' : 'asked';
    this.#request({ type: 'join', room: name, after: state.resume }, (error) => {
      if (!this.#isJoined(state) || error === NO_CONNECTION) return;
      if (!error) {
        state.isOwn = state.entry === 'asked';
        state.entry = 'in';
        return;
      }

      this.emit('error', { ...error, room: name });
      if (error.code === 'unavailable') {
        const { welcome } = this.#connection;
        const retry = () => this.#isJoined(state) && this.#connection.welcome === welcome && this.#enter([state]);
        setTimeout(retry, this.#connection.backoff(2));
        return;
      }

      // The server may have let the client in by itself.
      this.#forget(state);
      if (state.entry === 'early') {
        const { room, listeners, isOwn, entry, cursor, ...known } = state;
        Object.assign(this.#stateOf(name), known);
      }

      this.#outbox.leave(name, error);
    });
  }

  /** The server counts joins like messages. Those of the next connections take half of what it has accepted at once, and the others follow slowly. */
  #limit({ ref, code, text, retry }) {
    const index = this.requests.get(ref)?.index ?? this.#outbox.indexOf(ref);
    if (index !== undefined) {
      this.#outbox.unsend(index);
      this.burst = Math.max(1, Math.min(this.burst, index) >> 1);
      const interval = 2_000 * (retry ?? 10) / Math.max(1, index);
      this.#interval = Math.min(30_000, Math.max(interval, this.#joining.length ? this.#interval * 2 : 0));
    }

    this.#connection.limit(retry);
    this.emit('error', { ref, code, text });
  }

  // What the server sends

  hear(frame) {
    const { type, room } = frame;
    const isAnswer = ANSWERS.includes(type);
    if (!isAnswer && this.#leaving.has(room)) return;
    const state = this.rooms.get(room);
    if (!isAnswer && state?.entry === 'asked') state.entry = 'early';
    if (Object.hasOwn(this.#frames, type)) this.#frames[type](frame);
  }

  /** The connection has ended. */
  drop() {
    clearTimeout(this.#pause);
    this.#outbox.release();
    this.#joining = [];
    for (const state of this.rooms.values()) state.drop();
    const requests = this.requests;
    this.requests = new Map();
    for (const { answer } of requests.values()) answer(NO_CONNECTION);
  }

  /** There will be no other connection. */
  end() {
    this.#outbox.abandonAll();
  }

  #frames = {
    welcome: (frame) => {
      this.#connection.accept(frame);
      this.#meetHome(frame.room);
      this.#outbox.sign();
      if (this.#unnamed.length) {
        this.#resume(this.#unnamed);
        this.#send({ type: 'resume', last: true });
      }

      // First the rooms that messages wait for.
      const busy = this.#outbox.rooms;
      const joined = [...this.rooms.values()].filter(({ room }) => room);
      this.#allowed = this.burst;
      this.#enter(joined.filter(({ name }) => busy.has(name)));
      this.#enter(joined.filter(({ name }) => !busy.has(name)));
    },

    message: (frame) => {
      const { room, position } = frame;
      const state = room && this.#stateOf(room);
      const message = this.#toMessage(frame, !room || Boolean(state.isLive));
      if (state && position) {
        if (!this.#advance(state, position)) return;
        state.first ??= position;
      }
      this.emit('message', message);
    },

    change: (frame) => {
      const { room, position, revision, at, by, deleted = false } = frame;
      const state = this.#stateOf(room);
      if (state.isReset || revision <= state.revision) return;
      state.revision = revision;
      this.emit('change', { room, position: state.known(position), at: new Date(at), by, ...fromPayload(frame), deleted });
    },

    skip: ({ room, position }) => this.#advance(this.#stateOf(room), position),

    gap: ({ room, after, next, missed, reset = false }) => {
      const state = this.#stateOf(room);
      if (reset) state.reset();
      else state.fork(next);
      // The next message moves the position. Until then, the gap can be announced again, and grow.
      if (reset && !next) this.#reach(state, ':0');
      else state.announced = next ? move(next, -1) : move(after, missed);
      this.emit('gap', { room, after, next, missed, reset });
    },

    live: ({ room, position, recovered, revision, read, unread }) => {
      const state = this.#stateOf(room);
      if (position) this.#advance(state, position, 0);
      state.isLive = true;
      state.revision = revision;
      state.follow(this.user, read);
      state.cursor.start(read, position);
      this.emit('live', { room, recovered, read: state.known(state.reads.get(this.user)), unread });
      if (room === this.#connection.welcome?.room) this.#connection.goLive();
    },

    ack: (frame) => this.#answer(frame.ref, undefined, frame) || this.#outbox.acknowledge(frame),

    history: (frame) => this.#answer(frame.ref, undefined, frame),

    error: (frame) => {
      const { ref, code, text } = frame;
      const error = { ref, code, text };
      if (code === 'rate_limited') this.#limit(frame);
      else if (this.#answer(ref, error) || this.#outbox.refuse(error)) return;
      // The server waits for a message that it already has.
      else if (ref && code === 'unavailable') this.#connection.open();
      else this.emit('error', error);
    },

    left: ({ room, reason }) => {
      this.emit('left', { room, reason });
      const state = this.rooms.get(room);
      if (!state) return;
      this.#forget(state);
      this.#outbox.leave(room, { code: 'not_joined', text: reason ?? 'The server has taken the client out of the room.' });
    },

    signal: ({ room, from, name, data }) => this.emit('signal', { room, from, name, data }),

    read: ({ room, user, position }) => {
      const state = this.#stateOf(room);
      if (!state.follow(user, position)) return;
      if (user === this.user) state.cursor.follow(position);
      this.emit('read', { room, user, position: state.known(position) });
    },

    presence: ({ room, here, joined = [], left = [], changed = [], members = {}, count }) => {
      const state = this.#stateOf(room);
      const isWhole = here || count !== undefined;
      const present = new Set(isWhole ? here : state.here);
      const known = isWhole ? {} : { ...state.members };
      joined.forEach((user) => present.add(user));
      left.forEach((user) => present.delete(user));
      for (const user of [...left, ...changed]) delete known[user];
      Object.assign(state, { here: present, members: { ...known, ...members } });
      this.emit('presence', { room, here: [...present], joined, left, changed, members: state.members, count: count ?? present.size });
    },

    restart: ({ retry }) => this.#connection.restart(retry),

    ping: () => this.#connection.answerPing(),
  };

  #toMessage(frame, live) {
    const { room, position, from, at, edited, deleted = false } = frame;
    return { room, position, from, at: new Date(at), ...fromPayload(frame), edited: edited && new Date(edited), deleted, live };
  }

  #meetHome(name) {
    if (this.home === name) return;
    this.home = name;
    // What the page has read before it knew the name.
    const early = this.rooms.get(undefined);
    if (!early) return;
    this.rooms.delete(undefined);
    this.#stateOf(name).cursor.read(early.cursor.wanted);
  }

  /** Reports messages that are missing before a position. False if the client has passed it, or has left the room. */
  #advance(state, position, step = 1) {
    const { name } = state;
    const after = state.announced ?? state.position;
    const [[oldEpoch, last], [epoch, sequence]] = [parse(after), parse(position)];
    const missed = epoch === oldEpoch ? sequence - last - step : 0;
    if (missed < 0 && step) return false;
    if (epoch !== oldEpoch && sequence === last + step) state.fork(position);
    this.#reach(state, position);
    if (missed > 0) this.emit('gap', { room: name, after, next: step ? position : undefined, missed, reset: false });
    return this.rooms.get(name) === state;
  }

  #reach(state, position) {
    state.announced = state.isReset = undefined;
    state.position = position;
    this.rooms.delete(state.name);
    this.rooms.set(state.name, state);
  }
}
