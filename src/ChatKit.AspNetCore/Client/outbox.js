import { onPage } from './listeners.js';
import { fromPayload } from './payload.js';

export const errorOf = ({ code, text, ref }) => Object.assign(new Error(text), { code, ref });

/** What the client has sent, or will send, and the server hasn't acknowledged. */
export class Outbox {
  #client;
  #connection;
  #store;
  #times;

  // By ref, in the order of sending: { message, number, user, sentAt, resolve, reject }. No promise after a reload. Of those that were sent on the
  // current connection: { sentOn, index }, the welcome, and how many frames the client had sent before.
  #entries = new Map();
  #session; // a random prefix of refs
  #count = 0;
  #key;
  #id; // of the outbox
  #isClaimed; // This page owns the outbox.
  #isLocked; // This page has the lock.
  #holdTimer; // while the server's store is unavailable
  #holds = 0;

  constructor(client, connection, session, { store, times, key }) {
    this.#client = client;
    this.#connection = connection;
    this.#store = store;
    this.#times = times;
    this.#session = this.#id = session;
    this.#key = key;
    this.#claim(this.#store.read(key) ?? {});
    onPage('pagehide', ({ persisted }) => (persisted && this.#isLocked) || this.#mark(), connection.lifetime.signal);
  }

  /** What waits for an answer, in a room or in all. */
  pending(room) {
    const all = Array.from(this.#entries.values(), ({ message }) => this.#describe(message));
    return room === undefined ? all : all.filter((each) => each.room === room);
  }

  /** The rooms that it has entries for. */
  get rooms() {
    return new Set(Array.from(this.#entries.values(), ({ message }) => message.room));
  }

  /** Sends a message, now or when there is a connection. A problem is reported instead. */
  add({ type, ...content }, problem) {
    return new Promise((resolve, reject) => {
      const message = { type, ref: `${this.#session}-${++this.#count}`, ...content };
      const entry = { message, number: this.#count, user: this.#connection.user, resolve, reject };
      this.#entries.set(message.ref, entry);
      if (problem) this.#settle(entry, problem);
      else if (this.#connection.state === 'closed') this.#abandon(entry);
      else this.transmit([entry]);
    });
  }

  /** Sends messages, or keeps them until a connection accepts them. */
  transmit(entries = this.#entries.values()) {
    const { welcome } = this.#connection;
    for (const entry of entries) {
      if (welcome && entry.sentOn === welcome) continue;
      const frame = JSON.stringify(entry.message);
      const isIn = this.#client.isIn(entry.message.room);
      if (!this.#connection.fits(frame)) {
        this.#settle(entry, { code: 'too-big', text: `The message is larger than the server's limit of ${welcome.limit} bytes.` });
      } else if (this.#isStale(entry) || (entry.isLeft && !isIn)) {
        this.#abandon(entry);
      } else {
        const isSending = this.#isClaimed && this.#connection.isOpen && !this.#holdTimer && isIn;
        if (isSending) {
          const { user, sent } = this.#connection;
          Object.assign(entry, { sentAt: entry.sentAt ?? Date.now(), user, sentOn: welcome, index: sent });
        }

        if (isSending || !entry.isSaved) this.#save(entry); // before sending, because the page can end at any time
        if (isSending) this.#connection.send(frame);
      }
    }
  }

  /** Messages that were typed before the first welcome belong to the user in it. */
  sign() {
    for (const entry of this.#entries.values()) {
      if (!entry.resolve || entry.user !== undefined) continue;
      entry.user = this.#connection.user;
      entry.isSaved = false;
    }
  }

  acknowledge({ ref, room, position }) {
    const entry = this.#entries.get(ref);
    if (!entry) return;
    this.#holds = 0;
    this.#remove(entry);
    entry.resolve?.({ ref, room, position });
    this.#client.emit('ack', { ref, room, position }, this.#describe(entry.message).room);
  }

  /** False if no message has this ref. */
  refuse({ ref, code, text }) {
    const entry = this.#entries.get(ref);
    if (entry && code === 'unavailable') this.#hold(entry, { ref, code, text });
    else if (entry) this.#settle(entry, { code, text });
    return Boolean(entry);
  }

  /** The number of frames that the client had sent before a message, on the current connection. */
  indexOf(ref) {
    return this.#entries.get(ref)?.index;
  }

  /** The server handled no frame from this one on. Messages that were first sent on this connection count as not sent. */
  unsend(index) {
    const { welcome, welcomedAt } = this.#connection;
    for (const entry of this.#entries.values()) {
      if (entry.sentOn !== welcome || entry.index < index || entry.sentAt < welcomedAt) continue;
      entry.sentAt = undefined;
      this.#save(entry);
    }
  }

  /** Reports the messages to a room that the client has left, except those that the server is about to answer. */
  leave(room, problem) {
    const { welcome } = this.#connection;
    for (const entry of this.#entries.values()) {
      if (entry.message.room !== room) continue;
      entry.isLeft = true;
      if (welcome && entry.sentOn === welcome) continue;
      if (problem) this.#settle(entry, problem);
      else this.#abandon(entry);
    }
  }

  /** Ends the wait for the server's store. */
  release() {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
  }

  abandonAll() {
    for (const entry of this.#entries.values()) this.#abandon(entry);
  }

  #describe({ type, ref, room = this.#client.home, position, ...content }) {
    return { ref, kind: type, room, position, ...fromPayload(content) };
  }

  /** Too old for the server to know its ref, or possibly from another user. */
  #isStale({ sentAt, user = '' }) {
    return Date.now() - sentAt > this.#times.resend || (this.#connection.welcome && user !== this.#connection.user);
  }

  /** The server accepts no other message until it receives the refused one again. */
  #hold(refused, error) {
    if (this.#holdTimer) return;
    this.#holdTimer = setTimeout(() => {
      this.release();
      for (const entry of this.#entries.values()) entry.sentOn = undefined;
      this.transmit();
      // It was too old, or its room was left, but the server waits for it until the connection ends.
      if (this.#connection.isOpen && !refused.sentOn) this.#connection.open();
    }, this.#connection.backoff(this.#holds++));
    this.#client.emit('error', error, this.#describe(refused.message).room);
  }

  #abandon(entry) {
    this.#settle(entry, entry.sentAt
      ? { code: 'unknown', text: 'The server may or may not have handled the message.' }
      : { code: 'closed', text: 'The connection was closed before the message was sent.' });
  }

  #settle(entry, { code, text }) {
    const { message } = entry;
    const { ref } = message;
    this.#remove(entry);
    entry.reject?.(errorOf({ ref, code, text }));
    this.#client.emit('error', { ...this.#describe(message), code, text });
  }

  #remove(entry) {
    this.#entries.delete(entry.message.ref);
    this.#store.write(this.#keyOf(entry));
    if (this.#entries.size === 0) this.#store.write(this.#key);
  }

  // Storage keeps the outbox across a reload. Each message has its own key, so that changes stay cheap.

  #keyOf({ number }) {
    return `${this.#key} ${number}`;
  }

  #save(entry) {
    const { message, user, sentAt } = entry;
    entry.isSaved = true;
    this.#store.write(this.#keyOf(entry), { message, user, sentAt });
    this.#mark(Date.now());
  }

  /**
   * Stores the range of messages, and since when a page may have sent them. No time if the page has ended. Until the page has the lock, there is no
   * range that a duplicate could claim.
   */
  #mark(at) {
    const [first] = this.#entries.values();
    if (first && (!at || this.#isLocked)) this.#store.write(this.#key, { id: this.#id, from: first.number, to: this.#count, at });
  }

  /** Takes over the outbox of the previous page. In a duplicated tab, it is a copy, and the other page has the lock. */
  async #claim({ id = this.#session, from, to = 0, at }) {
    const entries = [];
    for (let number = from; number <= to; number++) {
      const entry = this.#store.read(this.#keyOf({ number }));
      if (entry?.message) entries.push([entry.message.ref, { ...entry, number }]);
    }
    this.#count = to;
    if (!at) {
      this.#id = id;
      this.#entries = new Map(entries);
      this.#store.write(this.#key);
    }

    const locks = this.#store.storage && globalThis.navigator?.locks; // requires HTTPS
    const isOurs = await (locks ? this.#lock(id, { signal: AbortSignal.timeout(this.#times.claim / (at ? 5 : 1)) }) : !at);
    if (this.#connection.lifetime.signal.aborted) return;
    this.#id = isOurs ? id : this.#session;
    if (locks && at && !isOurs) {
      for (const [, entry] of entries) this.#store.write(this.#keyOf(entry));
    } else {
      for (const [, entry] of entries) entry.sentAt = isOurs ? entry.sentAt ?? at : 1;
      if (at) this.#entries = new Map([...entries, ...this.#entries]);
    }
    this.#isClaimed = true;
    this.transmit();
    this.#isLocked = !locks || isOurs || await this.#lock(this.#id, {});
    this.#mark(Date.now());
  }

  /** Holds the lock until the client is closed or the page ends. A request fails if a debugger pauses the page. */
  #lock(id, options, retries = 3) {
    const { signal } = this.#connection.lifetime;
    return new Promise((resolve) => {
      navigator.locks.request(`chatkit:${id}`, options, (lock) => {
        resolve(lock);
        return signal.aborted || new Promise((release) => signal.addEventListener('abort', release));
      }).catch(() => resolve(retries && this.#lock(id, options, retries - 1)));
    });
  }
}
