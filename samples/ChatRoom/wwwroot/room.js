import { addTools, createMessage, createNotice, showContent } from './items.js';
import { Transcript } from './transcript.js';

const TYPING_TIME = 4_000; // somewhat longer than between two signals

/** A room that the user is in, open or not. */
export class RoomView {
  unread = 0;
  draft = '';
  here = [];
  typing = new Map(); // timers, by name
  transcript;

  #room;
  #page;
  #readUpTo; // before what is unread
  #readers = new Map(); // positions of the others, by name
  #wasLive = false;

  /**
   * @param page `user`, `isOpen(view)`, `changed(view)`, `edit(view, item)`, `write()`, `refused(view, error)`, `left(view, reason)`,
   * `unseen(count)`, `failed(text)`.
   */
  constructor(room, page) {
    this.#room = room;
    this.#page = page;
    this.transcript = new Transcript({ older: () => this.#loadOlder(), seen: () => this.#markRead(), unseen: page.unseen });
    room.on('message', (message) => this.#show(message));
    room.on('change', (change) => this.#change(change));
    room.on('gap', ({ missed, reset }) => this.transcript.addGap(reset
      ? 'Older messages were lost on the server'
      : missed === 1 ? '1 message is missing here' : `${missed} messages are missing here`));
    room.on('live', (event) => this.#goLive(event));
    room.on('presence', (event) => this.#showPresence(event));
    room.on('read', (event) => this.#follow(event));
    room.on('signal', ({ from, name }) => name === 'typing' && this.#showTyping(from));
    room.on('left', ({ reason }) => page.left(this, reason));
    room.on('ack', () => this.showPending());
    room.on('error', (error) => page.refused(this, error));
    this.showPending(); // from before a reload
  }

  get name() {
    return this.#room.name;
  }

  get pending() {
    return this.#room.pending;
  }

  /** The user's last message that can be edited. */
  get lastOwn() {
    const deleted = new Set(this.#room.pending.filter(({ kind }) => kind === 'delete').map(({ position }) => position));
    return this.transcript.messages.findLast((item) => item.from === this.#page.user && item.data && !deleted.has(item.position));
  }

  open() {
    this.transcript.open();
    this.#divide();
    if (this.#wasLive) this.transcript.fill();
    this.#markRead();
  }

  close() {
    this.transcript.close();
  }

  /** The user sees the page again. */
  resume() {
    if (this.unread) this.#divide();
    this.#markRead();
  }

  leave() {
    this.#room.leave();
    for (const timer of this.typing.values()) clearTimeout(timer);
  }

  // The events report the outcome, also of messages from before a reload.

  send(text) {
    this.#room.send(text).catch(() => {});
    this.showPending();
    this.transcript.scrollToEnd();
  }

  edit({ position }, text) {
    this.#room.edit(position, text).catch(() => {});
    this.showPending();
  }

  delete({ position }) {
    this.#room.delete(position).catch(() => {});
    this.showPending();
  }

  type() {
    this.#room.signal('typing');
  }

  showPending() {
    this.transcript.showPending(this.#room.pending);
  }

  #create(message) {
    const own = message.from === this.#page.user;
    const item = createMessage(message, own);
    if (own && message.position && !message.deleted) {
      addTools(item, {
        Edit: () => this.#page.edit(this, item),
        Delete: () => {
          if (!confirm('Delete this message?')) return;
          this.delete(item);
          this.#page.write(); // The focused button disappears.
        },
      });
    }
    return item;
  }

  #show(message) {
    const { from, position, live } = message;
    this.transcript.add(this.#create(message));
    this.#stopTyping(from);
    if (this.#readers.has(from)) this.#follow({ user: from, position });
    if (from !== this.#page.user) {
      // Messages that were missed are counted by the server.
      if (live) this.unread++;
      if (this.#wasLive) this.transcript.countUnseen(1);
    }

    if (live && this.transcript.isAtEnd) this.#markRead();
    this.#page.changed(this);
  }

  #change(change) {
    const item = this.transcript.get(change.position);
    if (!item) return;
    showContent(item, { ...change, edited: change.at });
    this.showPending();
    this.#page.changed(this);
  }

  #goLive({ read, unread = 0 }) {
    const isFirst = !this.#wasLive;
    this.#wasLive = true;
    this.#readUpTo = read ?? this.#readUpTo;
    this.unread = unread;
    if (isFirst) {
      this.transcript.hasOlder = Boolean(this.transcript.firstPosition);
      if (this.#page.isOpen(this)) {
        this.#divide();
        this.transcript.fill();
      }
    }
    this.#markRead();
    this.#page.changed(this);
  }

  /** Nothing is new to somebody who has never read the room. */
  #divide() {
    const { messages } = this.transcript;
    const read = messages.findIndex(({ position }) => position === this.#readUpTo);
    const isNew = this.unread > 0 && read >= 0;
    this.transcript.divide(isNew ? messages.slice(read + 1).find(({ from }) => from !== this.#page.user) : undefined);
  }

  /** The user has read everything that is there, if the room is open. */
  #markRead() {
    if (!this.#wasLive || !this.#page.isOpen(this) || document.hidden) return;
    const last = this.transcript.messages.at(-1)?.position;
    if (!last) return;
    this.unread = 0;
    this.#readUpTo = last;
    this.#room.read(last);
    this.#page.changed(this);
  }

  #follow({ user, position }) {
    if (user !== this.#page.user) {
      this.#readers.set(user, position);
      this.transcript.showReaders(this.#readers);
      return;
    }

    // Perhaps on another device.
    const { messages } = this.transcript;
    const read = messages.findIndex((item) => item.position === position);
    if (read < 0 || this.#page.isOpen(this)) return;
    this.#readUpTo = position;
    this.unread = messages.slice(read + 1).filter(({ from }) => from !== user).length;
    this.#page.changed(this);
  }

  #showPresence({ here, joined, left }) {
    joined.forEach((name) => this.transcript.add(createNotice(name, 'joined')));
    left.forEach((name) => {
      this.transcript.add(createNotice(name, 'left'));
      this.#stopTyping(name);
    });
    this.here = here;
    this.#page.changed(this);
  }

  #showTyping(name) {
    clearTimeout(this.typing.get(name));
    this.typing.set(name, setTimeout(() => this.#stopTyping(name), TYPING_TIME));
    this.#page.changed(this);
  }

  #stopTyping(name) {
    if (!this.typing.has(name)) return;
    clearTimeout(this.typing.get(name));
    this.typing.delete(name);
    this.#page.changed(this);
  }

  async #loadOlder() {
    try {
      const { messages, more } = await this.#room.older(50, this.transcript.firstPosition);
      this.transcript.prepend(messages.map((message) => this.#create(message)), more);
      this.transcript.showReaders(this.#readers);
    } catch ({ code, message }) {
      if (code !== 'closed' && code !== 'unavailable') this.#page.failed(message);
    }
  }
}
