/** What a browser speaks with a ChatKit server: the protocol chatkit.v1, which docs/protocol.md describes. */

/** All in milliseconds. The option `times` is for tests. */
const TIMES = {
  backoff: 500,
  backoffLimit: 30_000,
  connect: 10_000, // A network that drops packets would let an attempt hang for minutes.
  refused: 10_000,
  busy: 5_000,
  // The server knows a ref for 5 minutes. A minute less, because what is sent now may arrive late.
  resend: 240_000,
};

/** The client would make the same mistake again, or the application wants to be rid of it. */
const isFinal = (code) => [1000, 1002, 1003, 1007, 1009].includes(code) || code >= 3000;

const MAX_REFUSALS = 3;

// The server takes this many rooms. Request lines much longer than this URL are refused on the way.
const MAX_ROOMS = 128;
const MAX_URL = 4_000;

const encoder = new TextEncoder();

function toPayload(data) {
  // Half a surrogate pair cannot be sent as UTF-8: the server could not even read whose message it was.
  if (typeof data === 'string') return { data: data.toWellFormed() };
  if (!(data instanceof Uint8Array)) throw new TypeError('ChatKit sends a string or a Uint8Array.');
  return { base64: btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join('')) };
}

const fromPayload = ({ data, base64 }) =>
  base64 === undefined ? data : Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

function isCovered(position, last = '') {
  const colon = position.lastIndexOf(':');
  return last.slice(0, colon + 1) === position.slice(0, colon + 1)
    && Number(position.slice(colon + 1)) <= Number(last.slice(colon + 1));
}

class Chat {
  #url;
  #times;
  #storage;
  #token;
  #listeners = {};

  #state = 'connecting';
  #reason = {}; // of the last trouble: { reason, code }
  #attempts = 0; // since the last `live`
  #refusals = 0;

  #socket;
  #listening = new AbortController(); // to the socket
  #lifetime = new AbortController();
  #timer; // Connecting, silence and the next attempt never overlap.
  #welcome; // of the present connection
  #welcomedAt;
  #isLimited; // the server will close it because this side has sent too much
  #user; // of the latest one
  #live; // the rooms of the present connection that have caught up
  #retry; // how long to wait after the present connection, if the server has said so

  #positions = new Map(); // by room, the latest last
  #here = new Map();

  // In the order of sending: { message, user, sentAt, resolve, reject }. The first ones may be from before a reload.
  #outbox;
  #session = crypto.getRandomValues(new Uint32Array(4)).join('.'); // randomUUID() needs HTTPS.
  #count = 0;
  #holdTimer; // set while the server's store is away
  #holds = 0;

  constructor(url, { storage, token, times }) {
    this.#url = new URL(url, document.baseURI);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    this.#times = { ...TIMES, ...times };
    this.#storage = storage;
    this.#token = token;
    this.#outbox = this.#restore();
    const { signal } = this.#lifetime;
    addEventListener('online', () => this.#state === 'offline' && this.#open(), { signal });
    // A socket can look open for minutes after the network is gone.
    addEventListener('offline', () => this.#state !== 'closed' && this.#goOffline(), { signal });
    queueMicrotask(() => this.#timer || signal.aborted || this.#open()); // when the caller listens
  }

  get state() {
    return this.#state;
  }

  /** Who the server takes this client for. */
  get user() {
    return this.#user;
  }

  get pending() {
    return this.#outbox.map(({ message }) => ({ ref: message.ref, data: fromPayload(message) }));
  }

  on(type, listener) {
    const listeners = (this.#listeners[type] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  send(data) {
    return new Promise((resolve, reject) => {
      const message = { type: 'message', ref: `${this.#session}-${++this.#count}`, ...toPayload(data) };
      const entry = { message, user: this.#user, resolve, reject };
      this.#outbox.push(entry);
      if (this.#state === 'closed') this.#settle(entry, 'closed', 'The connection is closed.');
      else this.#transmit([entry]);
    });
  }

  /** Connects now, instead of waiting any longer or staying closed. */
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
    this.#report(this.#state === 'connecting' ? 'connecting' : 'reconnecting');
    const url = new URL(this.#url);
    for (const [room, position] of [...this.#positions].slice(-MAX_ROOMS).reverse()) {
      if (url.href.length < MAX_URL) url.searchParams.append('after', `${room}~${position}`);
    }
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#expect(this.#times.connect);
    try {
      // No URL with a token in it: those are written to logs.
      const protocols = this.#token ? ['chatkit.v1', `bearer.${await this.#token()}`] : 'chatkit.v1';
      if (signal.aborted) return; // given up meanwhile
      const socket = new WebSocket(url, protocols);
      socket.addEventListener('message', ({ data }) => this.#hear(data), { signal });
      socket.addEventListener('close', (event) => this.#closed(event), { signal });
      this.#socket = socket;
    } catch (error) {
      if (!signal.aborted) this.#closed({ code: 1006, reason: error?.message });
    }
  }

  /** Takes the connection for dead if nothing is heard in time. */
  #expect(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#closed({ code: 1006, reason: '' }), time);
  }

  /** Forgets the socket at once: closing one that is dead takes long. */
  #drop() {
    clearTimeout(this.#timer);
    this.#release();
    this.#listening.abort();
    this.#socket?.close();
    this.#welcome = this.#retry = undefined;
    this.#isLimited = false;
    this.#live = new Set();
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

    const earliest = { 1008: this.#times.refused, 1013: this.#times.busy }[code] ?? 0;
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
    for (const entry of this.#outbox) this.#abandon(entry);
  }

  /** Full jitter: the clients of a server that has ended do not come back all at once. */
  #backoff(attempt) {
    return Math.random() * Math.min(this.#times.backoffLimit, this.#times.backoff * 2 ** attempt);
  }

  #report(state, retryAt) {
    this.#state = state;
    this.#emit('state', { state, ...this.#reason, retryAt });
  }

  /** A listener that throws is reported as any other is, and does not keep the next one from hearing. */
  #emit(type, event) {
    for (const listener of [...(this.#listeners[type] ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        reportError(error);
      }
    }
  }

  // What the server sends

  #hear(text) {
    if (this.#welcome?.ping) this.#expect(this.#welcome.ping * 2_000);
    try {
      const frame = JSON.parse(text);
      if (Object.hasOwn(this.#frames, frame.type)) this.#frames[frame.type](frame);
    } catch {
      // What cannot be read is nothing that this version knows.
    }
  }

  #frames = {
    welcome: (frame) => {
      this.#welcome = frame;
      this.#welcomedAt = Date.now();
      this.#user = frame.user;
      if (frame.ping) this.#expect(frame.ping * 2_000);
      else clearTimeout(this.#timer);
      this.#transmit(this.#outbox);
    },

    message: (frame) => {
      const { room, position, from, at } = frame;
      const data = fromPayload(frame);
      if (room && position) {
        if (isCovered(position, this.#positions.get(room))) return;
        this.#reach(room, position);
      }
      this.#emit('message', { room, position, from, at: new Date(at), data, live: !room || this.#live.has(room) });
    },

    gap: ({ room, after, next, missed, reset = false }) => {
      if (!next) this.#reach(room, ':0'); // else the message that follows says where the client is
      this.#emit('gap', { room, after, next, missed, reset });
    },

    live: ({ room, position, recovered }) => {
      this.#reach(room, position);
      this.#live.add(room);
      this.#emit('live', { room, recovered });
      if (room !== this.#welcome?.room) return;
      this.#attempts = this.#refusals = 0;
      this.#reason = {};
      this.#report('live');
    },

    ack: ({ ref, room, position }) => {
      const entry = this.#find(ref);
      if (!entry) return;
      this.#holds = 0;
      this.#remove(entry);
      entry.resolve?.({ ref, room, position });
      this.#emit('ack', { ref, room, position });
    },

    error: ({ ref, code, text }) => {
      const entry = this.#find(ref);
      if (code === 'rate_limited') this.#limit({ ref, code, text });
      else if (entry && code === 'unavailable') this.#hold({ ref, code, text });
      else if (entry) this.#settle(entry, code, text);
      // The server waits for a message that it has, and that this side sent twice. It does not on another connection.
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

  #reach(room, position) {
    if (!room || !position) return;
    this.#positions.delete(room);
    this.#positions.set(room, position);
  }

  // The outbox

  #find(ref) {
    return this.#outbox.find(({ message }) => message.ref === ref);
  }

  /** Sends messages of the outbox, if there is a connection that takes them. */
  #transmit(entries) {
    const limit = this.#welcome?.limit ?? Infinity;
    const frames = [];
    for (const entry of entries) {
      const frame = JSON.stringify(entry.message);
      if (encoder.encode(frame).length > limit) {
        this.#settle(entry, 'too-big', `The message is larger than the ${limit} bytes that the server takes.`);
      } else if (this.#isStale(entry)) {
        this.#abandon(entry);
      } else {
        if (this.#isSending) Object.assign(entry, { sentAt: entry.sentAt ?? Date.now(), user: this.#user });
        frames.push(frame);
      }
    }
    this.#save(); // first: the page may end at any time, and must not take for unsent what it has sent
    if (this.#isSending) frames.forEach((frame) => this.#socket.send(frame));
  }

  /** What is from another user must not be sent as from this one, for whom the server does not know the ref either. */
  #isStale({ sentAt, user }) {
    return Date.now() - sentAt > this.#times.resend || (this.#welcome && (sentAt || user) && user !== this.#user);
  }

  get #isSending() {
    return this.#welcome && !this.#holdTimer && !this.#isLimited;
  }

  /** The server's store is away. Until the refused message comes again the server takes none that came after it. */
  #hold(error) {
    if (this.#holdTimer) return;
    this.#holdTimer = setTimeout(() => {
      this.#release();
      const [first] = this.#outbox;
      this.#transmit(this.#outbox);
      // It was too old, so the server would wait for it in vain. It does not on another connection.
      if (first && !this.#outbox.includes(first)) this.#open();
    }, this.#backoff(this.#holds++));
    this.#emit('error', error);
  }

  /** The server has handled nothing from this message on: what it was not sent before is as good as unsent, and does not grow old. */
  #limit(error) {
    this.#isLimited = true;
    const first = this.#outbox.findIndex(({ message }) => message.ref === error.ref);
    for (const entry of this.#outbox.slice(first < 0 ? this.#outbox.length : first)) {
      if (entry.sentAt >= this.#welcomedAt) entry.sentAt = undefined;
    }
    this.#save();
    this.#emit('error', error);
  }

  #release() {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
  }

  #abandon(entry) {
    if (entry.sentAt) this.#settle(entry, 'unknown', 'It is not known whether the server has the message.');
    else this.#settle(entry, 'closed', 'The connection was closed before the message was sent.');
  }

  /** Gives a message up. */
  #settle(entry, code, text) {
    const { ref } = entry.message;
    this.#remove(entry);
    entry.reject?.(Object.assign(new Error(text), { code, ref }));
    this.#emit('error', { ref, code, text, data: fromPayload(entry.message) });
  }

  #remove(entry) {
    this.#outbox = this.#outbox.filter((other) => other !== entry);
    this.#save();
  }

  get #key() {
    return `chatkit:${this.#url}`;
  }

  // Storage may be full, or hold what is not from here. It is for reloads only, so that is no reason to fail.

  #save() {
    try {
      if (this.#outbox.length === 0) this.#storage?.removeItem(this.#key);
      else this.#storage?.setItem(this.#key, JSON.stringify(this.#outbox.map(({ message, user, sentAt }) => ({ message, user, sentAt }))));
    } catch {}
  }

  #restore() {
    try {
      return JSON.parse(this.#storage.getItem(this.#key)).filter(({ message }) => message.ref);
    } catch {
      return [];
    }
  }
}

/** Reading the property throws where the user has blocked storage. */
function findStorage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * Connects to a room, and stays connected.
 * @param {string | URL} url The endpoint's path, relative to the page, or a whole URL (http, https, ws or wss).
 * @param {{ storage?: Storage | null, token?: () => string | Promise<string> }} [options] `storage` keeps what is not acknowledged
 *   over a reload; null for none. `token` gives each attempt its bearer token.
 */
export function connect(url, { storage = findStorage(), token, times } = {}) {
  return new Chat(url, { storage, token, times });
}
