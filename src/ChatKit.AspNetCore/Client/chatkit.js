// The browser client of ChatKit. chatkit.d.ts describes its exports, docs/protocol.md the protocol.

// In milliseconds.
const TIMES = {
  backoff: 500,
  backoffLimit: 30_000,
  connect: 10_000, // Without a network, an attempt can hang for minutes.
  refused: 10_000,
  busy: 5_000,
  resend: 240_000, // The server keeps a ref for a minute longer.
  claim: 5_000,
};

// An error that would repeat, or the application's decision.
const isFinal = (code) => [1000, 1002, 1003, 1007, 1009].includes(code) || code >= 3000;

const MAX_REFUSALS = 3;

// Proxies refuse much longer URLs.
const MAX_URL = 4_000;

const encoder = new TextEncoder();

function toPayload(data) {
  // Half a surrogate pair has no UTF-8 encoding.
  if (typeof data === 'string') return { data: data.toWellFormed() };
  if (!(data instanceof Uint8Array)) throw new TypeError('ChatKit sends a string or a Uint8Array.');
  return { base64: btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join('')) };
}

const fromPayload = ({ data, base64 }) =>
  base64 === undefined ? data : Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

function parse(position = ':') {
  const colon = position.lastIndexOf(':');
  return [position.slice(0, colon), Number(position.slice(colon + 1))];
}

function move(position, by) {
  const [epoch, sequence] = parse(position);
  return `${epoch}:${sequence + by}`;
}

class Chat {
  #url;
  #times;
  #storage;
  #token;
  #listeners = {};

  #state = 'connecting';
  #reason = {}; // of the last failure: { reason, code }
  #attempts = 0; // since the last `live`
  #refusals = 0;

  #socket;
  #listening = new AbortController();
  #lifetime = new AbortController();
  #timer; // for connecting, silence, or the next attempt
  #user; // of the latest connection; '' if anonymous

  // Of the current connection:
  #welcome;
  #welcomedAt;
  #isLimited; // has sent too much
  #live; // rooms
  #announced; // by room, the end of the announced gap
  #unnamed; // positions that don't fit into the URL
  #retry; // the delay before the next one
  #earliest; // the minimum delay

  #positions = new Map(); // by room, the latest last
  #here = new Map();
  #former = []; // ids of the latest connections

  // By ref, in the order of sending: { message, number, user, sentAt, resolve, reject }. No promise after a reload.
  #outbox = new Map();
  #session = crypto.getRandomValues(new Uint32Array(4)).join('.'); // randomUUID() requires HTTPS.
  #count = 0;
  #key;
  #id = this.#session; // of the outbox
  #isClaimed; // This page owns the outbox.
  #isLocked; // This page has the lock.
  #holdTimer; // while the server's store is unavailable
  #holds = 0;
  #events = [];

  constructor(url, { after = {}, storage, token, times }) {
    this.#url = new URL(url, document.baseURI);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    const { searchParams } = this.#url;
    const starts = searchParams.getAll('after').map((start) => start.split(/~(?=[^~]*$)/));
    searchParams.delete('after');
    for (const [room, position] of [...starts, ...Object.entries(after)]) {
      if (!/:\d+$/.test(position)) throw new TypeError(`'${position}' isn't a position.`);
      this.#reach(room, position);
    }

    this.#times = { ...TIMES, ...times };
    this.#storage = storage;
    this.#token = token;
    this.#key = `chatkit:${this.#url}`;
    this.#claim(this.#read(this.#key) ?? {});
    const { signal } = this.#lifetime;
    addEventListener('pagehide', ({ persisted }) => (persisted && this.#isLocked) || this.#mark(), { signal });
    addEventListener('online', () => this.#state === 'offline' && this.#open(), { signal });
    // Without a network, a socket can look open for minutes.
    addEventListener('offline', () => this.#state !== 'closed' && this.#goOffline(), { signal });
    queueMicrotask(() => this.#timer || signal.aborted || this.#open()); // after the caller has added its listeners
  }

  get state() {
    return this.#state;
  }

  get user() {
    return this.#user || undefined;
  }

  get pending() {
    return Array.from(this.#outbox.values(), ({ message }) => ({ ref: message.ref, data: fromPayload(message) }));
  }

  on(type, listener) {
    const listeners = (this.#listeners[type] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  send(data) {
    return new Promise((resolve, reject) => {
      const message = { type: 'message', ref: `${this.#session}-${this.#count + 1}`, ...toPayload(data) };
      const entry = { message, number: ++this.#count, user: this.#user, resolve, reject };
      this.#outbox.set(message.ref, entry);
      if (this.#state === 'closed') this.#settle(entry, 'closed', 'The connection is closed.');
      else this.#transmit([entry]);
    });
  }

  reconnect() {
    if (!this.#lifetime.signal.aborted) this.#open();
  }

  close() {
    if (this.#lifetime.signal.aborted) return;
    this.#lifetime.abort();
    this.#end({ code: 1000, reason: '' });
  }

  // The connection

  async #open() {
    this.#drop();
    const { signal } = (this.#listening = new AbortController());
    this.#report(this.#state === 'connecting' ? 'connecting' : 'reconnecting');
    if (signal.aborted) return; // A listener has closed the client.
    const url = new URL(this.#url);
    for (const id of this.#former) url.searchParams.append('connection', id);
    const rooms = [...this.#positions].reverse();
    let named = 0;
    while (named < rooms.length && url.href.length < MAX_URL) url.searchParams.append('after', rooms[named++].join('~'));
    this.#unnamed = rooms.slice(named);
    if (this.#unnamed.length) url.searchParams.set('resume', 'frame');
    this.#expect(this.#times.connect);
    try {
      // URLs are logged, so they must not contain a token.
      const protocols = this.#token ? ['chatkit.v1', `bearer.${await this.#token()}`] : 'chatkit.v1';
      if (signal.aborted) return;
      const socket = new WebSocket(url, protocols);
      socket.addEventListener('message', ({ data }) => this.#hear(data), { signal });
      socket.addEventListener('close', (event) => this.#closed(event), { signal });
      this.#socket = socket;
    } catch (error) {
      if (!signal.aborted) this.#closed({ code: 1006, reason: error?.message });
    }
  }

  /** Drops the connection if nothing arrives in time. */
  #expect(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#closed({ code: 1006, reason: '' }), time);
  }

  /** Doesn't wait for the closing handshake, which a dead connection never completes. */
  #drop() {
    clearTimeout(this.#timer);
    this.#release();
    this.#listening.abort();
    this.#socket?.close();
    this.#welcome = this.#retry = this.#earliest = undefined;
    this.#isLimited = false;
    this.#live = new Set();
    this.#announced = new Map();
  }

  #closed({ code, reason }) {
    this.#refusals = code === 1008 && !this.#isLimited ? this.#refusals + 1 : 0;
    if (isFinal(code) || this.#refusals >= MAX_REFUSALS) {
      this.#end({ code, reason });
      return;
    }

    this.#reason = { code, reason };
    if (!navigator.onLine) {
      this.#goOffline();
      return;
    }

    const earliest = this.#earliest ?? { 1008: this.#times.refused, 1013: this.#times.busy }[code] ?? 0;
    const usual = earliest + this.#backoff(this.#attempts++);
    const delay = this.#retry ?? usual;
    this.#drop();
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#report('reconnecting', Date.now() + delay);
  }

  #goOffline() {
    this.#drop();
    this.#report('offline');
  }

  #end(reason) {
    this.#drop();
    this.#reason = reason;
    this.#report('closed');
    for (const entry of this.#outbox.values()) this.#abandon(entry);
  }

  /** Full jitter, so that clients don't all reconnect at once. */
  #backoff(attempt) {
    return Math.random() * Math.min(this.#times.backoffLimit, this.#times.backoff * 2 ** attempt);
  }

  #report(state, retryAt) {
    this.#state = state;
    this.#emit('state', { state, ...this.#reason, retryAt });
  }

  /** Events that a listener causes follow after all listeners have received the current one. */
  #emit(...event) {
    if (this.#events.push(event) > 1) return;
    for (const [type, happened] of this.#events) {
      for (const listener of [...(this.#listeners[type] ?? [])]) {
        try {
          listener(happened);
        } catch (error) {
          reportError(error);
        }
      }
    }
    this.#events = [];
  }

  // What the server sends

  #hear(text) {
    if (this.#welcome?.ping) this.#expect(this.#welcome.ping * 2_000);
    try {
      const frame = JSON.parse(text);
      if (Object.hasOwn(this.#frames, frame.type)) this.#frames[frame.type](frame);
    } catch {
      // Unknown in this version.
    }
  }

  #frames = {
    welcome: (frame) => {
      this.#welcome = frame;
      this.#former = [...this.#former, frame.connection].slice(-8);
      this.#welcomedAt = Date.now();
      this.#user = frame.user ?? '';
      for (const entry of this.#outbox.values()) if (entry.resolve) entry.user ??= this.#user;
      if (frame.ping) this.#expect(frame.ping * 2_000);
      else clearTimeout(this.#timer);
      if (this.#unnamed.length) {
        this.#resume(this.#unnamed);
        this.#socket.send('{"type":"resume","last":true}');
      }
      this.#transmit(this.#outbox.values());
    },

    message: (frame) => {
      const { room, position, from, at } = frame;
      const data = fromPayload(frame);
      if (room && position && !this.#advance(room, position)) return;
      this.#emit('message', { room, position, from, at: new Date(at), data, live: !room || this.#live.has(room) });
    },

    skip: ({ room, position }) => this.#advance(room, position),

    gap: ({ room, after, next, missed, reset = false }) => {
      // The next message moves the position. Until then, the gap can be announced again, and grow.
      if (reset && !next) this.#reach(room, ':0');
      else this.#announced.set(room, next ? move(next, -1) : move(after, missed));
      this.#emit('gap', { room, after, next, missed, reset });
    },

    live: ({ room, position, recovered }) => {
      if (room && position) this.#advance(room, position, 0);
      this.#live.add(room);
      this.#emit('live', { room, recovered });
      if (room !== this.#welcome?.room) return;
      this.#attempts = this.#refusals = 0;
      this.#reason = {};
      this.#report('live');
    },

    ack: ({ ref, room, position }) => {
      const entry = this.#outbox.get(ref);
      if (!entry) return;
      this.#holds = 0;
      this.#remove(entry);
      entry.resolve?.({ ref, room, position });
      this.#emit('ack', { ref, room, position });
    },

    error: ({ ref, code, text, retry }) => {
      const entry = this.#outbox.get(ref);
      if (code === 'rate_limited') this.#limit({ ref, code, text }, retry);
      else if (entry && code === 'unavailable') this.#hold({ ref, code, text });
      else if (entry) this.#settle(entry, code, text);
      // The server waits for a message that it already has.
      else if (ref && code === 'unavailable') this.#open();
      else this.#emit('error', { ref, code, text });
    },

    presence: ({ room, here, joined = [], left = [] }) => {
      const present = new Set(here ?? this.#here.get(room));
      joined.forEach((user) => present.add(user));
      left.forEach((user) => present.delete(user));
      this.#here.set(room, present);
      this.#emit('presence', { room, here: [...present], joined, left });
    },

    restart: ({ retry }) => {
      if (retry >= 0) this.#retry = retry * 1_000;
    },

    ping: () => this.#socket.send('{"type":"pong"}'),
  };

  /** Reports messages that are missing before a position. False if the client has passed it. */
  #advance(room, position, step = 1) {
    const after = this.#announced.get(room) ?? this.#positions.get(room);
    const [[oldEpoch, last], [epoch, sequence]] = [parse(after), parse(position)];
    const missed = epoch === oldEpoch ? sequence - last - step : 0;
    if (missed < 0 && step) return false;
    this.#reach(room, position);
    if (missed > 0) this.#emit('gap', { room, after, next: step ? position : undefined, missed, reset: false });
    return true;
  }

  #reach(room, position) {
    this.#announced?.delete(room);
    this.#positions.delete(room);
    this.#positions.set(room, position);
  }

  #resume(rooms) {
    const frame = JSON.stringify({ type: 'resume', after: Object.fromEntries(rooms) });
    const half = rooms.length >> 1;
    if (this.#fits(frame)) {
      this.#socket.send(frame);
    } else if (half) {
      this.#resume(rooms.slice(0, half));
      this.#resume(rooms.slice(half));
    }
  }

  #fits(frame) {
    return encoder.encode(frame).length <= (this.#welcome?.limit ?? Infinity);
  }

  // The outbox

  /** Sends messages, or keeps them until a connection accepts them. */
  #transmit(entries) {
    for (const entry of entries) {
      const frame = JSON.stringify(entry.message);
      if (!this.#fits(frame)) {
        this.#settle(entry, 'too-big', `The message is larger than the server's limit of ${this.#welcome.limit} bytes.`);
      } else if (this.#isStale(entry)) {
        this.#abandon(entry);
      } else {
        const isSending = this.#isClaimed && this.#welcome && !this.#holdTimer && !this.#isLimited;
        if (isSending) Object.assign(entry, { sentAt: entry.sentAt ?? Date.now(), user: this.#user });
        this.#save(entry); // before sending, because the page can end at any time
        if (isSending) this.#socket.send(frame);
      }
    }
  }

  /** Too old for the server to know its ref, or possibly from another user. */
  #isStale({ sentAt, user = '' }) {
    return Date.now() - sentAt > this.#times.resend || (this.#welcome && user !== this.#user);
  }

  /** The server accepts no other message until it receives the refused one again. */
  #hold(error) {
    if (this.#holdTimer) return;
    this.#holdTimer = setTimeout(() => {
      this.#release();
      const [first] = this.#outbox.keys();
      this.#transmit(this.#outbox.values());
      // It was too old, but the server waits for it until the connection ends.
      if (first && !this.#outbox.has(first)) this.#open();
    }, this.#backoff(this.#holds++));
    this.#emit('error', error);
  }

  /** The server handled neither this message nor later ones. Those first sent on this connection count as not sent. */
  #limit(error, retry) {
    this.#isLimited = true;
    if (retry >= 0) this.#earliest = retry * 1_000;
    let isBehind = false;
    for (const entry of this.#outbox.values()) {
      isBehind ||= entry.message.ref === error.ref;
      if (isBehind && entry.sentAt >= this.#welcomedAt) {
        entry.sentAt = undefined;
        this.#save(entry);
      }
    }
    this.#emit('error', error);
  }

  #release() {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
  }

  #abandon(entry) {
    if (entry.sentAt) this.#settle(entry, 'unknown', 'The server may or may not have handled the message.');
    else this.#settle(entry, 'closed', 'The connection was closed before the message was sent.');
  }

  #settle(entry, code, text) {
    const { ref } = entry.message;
    this.#remove(entry);
    entry.reject?.(Object.assign(new Error(text), { code, ref }));
    this.#emit('error', { ref, code, text, data: fromPayload(entry.message) });
  }

  #remove(entry) {
    this.#outbox.delete(entry.message.ref);
    this.#write(this.#keyOf(entry));
    if (this.#outbox.size === 0) this.#write(this.#key);
  }

  // Storage keeps the outbox across a reload. Each message has its own key, so that changes stay cheap.
  // It can be full, blocked, or contain something else.

  #keyOf({ number }) {
    return `${this.#key} ${number}`;
  }

  #save(entry) {
    const { message, user, sentAt } = entry;
    this.#write(this.#keyOf(entry), { message, user, sentAt });
    this.#mark(Date.now());
  }

  /**
   * Stores the range of messages, and since when a page may have sent them. No time if the page has ended. Until the page has the lock, there is no
   * range that a duplicate could claim.
   */
  #mark(at) {
    const [first] = this.#outbox.values();
    if (first && (!at || this.#isLocked)) this.#write(this.#key, { id: this.#id, from: first.number, to: this.#count, at });
  }

  /** Takes over the outbox of the previous page. In a duplicated tab, it is a copy, and the other page has the lock. */
  async #claim({ id = this.#session, from, to = 0, at }) {
    const entries = [];
    for (let number = from; number <= to; number++) {
      const entry = this.#read(this.#keyOf({ number }));
      if (entry?.message) entries.push([entry.message.ref, { ...entry, number }]);
    }
    this.#count = to;
    if (!at) {
      this.#id = id;
      this.#outbox = new Map(entries);
      this.#write(this.#key);
    }

    const locks = this.#storage && navigator.locks; // requires HTTPS
    const isOurs = await (locks ? this.#lock(id, { signal: AbortSignal.timeout(this.#times.claim / (at ? 5 : 1)) }) : !at);
    if (this.#lifetime.signal.aborted) return;
    this.#id = isOurs ? id : this.#session;
    if (locks && at && !isOurs) {
      for (const [, entry] of entries) this.#write(this.#keyOf(entry));
    } else {
      for (const [, entry] of entries) entry.sentAt = isOurs ? entry.sentAt ?? at : 1;
      if (at) this.#outbox = new Map([...entries, ...this.#outbox]);
    }
    this.#isClaimed = true;
    this.#transmit(this.#outbox.values());
    this.#isLocked = !locks || isOurs || await this.#lock(this.#id, {});
    this.#mark(Date.now());
  }

  /** Holds the lock until the client is closed or the page ends. A request fails if a debugger pauses the page. */
  #lock(id, options, retries = 3) {
    const { signal } = this.#lifetime;
    return new Promise((resolve) => {
      navigator.locks.request(`chatkit:${id}`, options, (lock) => {
        resolve(lock);
        return signal.aborted || new Promise((release) => signal.addEventListener('abort', release));
      }).catch(() => resolve(retries && this.#lock(id, options, retries - 1)));
    });
  }

  #write(key, value) {
    try {
      if (value) this.#storage?.setItem(key, JSON.stringify(value));
      else this.#storage?.removeItem(key);
    } catch {}
  }

  #read(key) {
    try {
      return JSON.parse(this.#storage.getItem(key));
    } catch {}
  }
}

function findStorage() {
  try {
    return sessionStorage;
  } catch {} // blocked
}

/** Connects to a room and stays connected. */
export function connect(url, { storage = findStorage(), ...options } = {}) {
  return new Chat(url, { storage, ...options });
}
