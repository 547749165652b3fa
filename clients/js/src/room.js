import { Store } from './store.js';

const TYPING_TIME = 4_000; // somewhat longer than between two signals
const MAX_MESSAGES = 1_000;

const INITIAL = {
  state: 'connecting', messages: [], pending: [], gap: undefined, hasOlder: false, unread: 0, read: undefined, reads: {},
  here: [], members: {}, count: 0, typing: [], error: undefined,
};

/** A room, as a page shows it. */
export class RoomStore extends Store {
  actions = {
    send: (data) => this.#ask((room) => room.send(data)),
    edit: (position, data) => this.#ask((room) => room.edit(position, data)),
    remove: (position) => this.#ask((room) => room.delete(position)),
    older: (limit) => this.#older ??= this.#loadOlder(limit).finally(() => {
      this.#older = this.#changes = undefined;
    }),
    signal: (name, data) => this.#room?.signal(name, data),
    markRead: (position = this.snapshot.messages.findLast((message) => message.position)?.position) => {
      if (!position) return;
      this.#room?.read(position);
      this.#follow(position);
    },
  };

  #chat;
  #name; // undefined for the home room
  #joined; // as the client knows it
  #release; // lets the connection go
  #isLive;
  #wasLive;
  #isOut; // The server doesn't let the client in, or has taken it out.
  #isGiven; // The server has let the client in by itself, and doesn't allow it to join.
  #count; // of messages without a position
  #maximum; // of messages
  #gapAfter; // where the gap begins
  #older; // the request for older messages
  #changes; // that have arrived meanwhile, by position
  #typing = new Map(); // timers, by user

  constructor(chat, name) {
    super(INITIAL);
    this.#chat = chat;
    this.#name = name;
    this.#reset();
  }

  start() {
    this.#release = this.#chat.hold();
    this.#isOut = this.#isGiven = false;
    if (this.#name !== undefined) {
      if (this.#chat.live.has(this.#name)) this.#isLive = this.#wasLive = true; // Nothing says so again.
      this.#joined = this.#chat.client?.join(this.#name);
    }

    this.update();
  }

  stop() {
    if (this.#joined && !this.#isGiven && this.#name !== this.#chat.client?.home) {
      this.#joined.leave();
      this.#chat.live.delete(this.#name);
      this.clear();
    }

    this.#release();
  }

  clear() {
    this.#reset();
    this.set(INITIAL);
  }

  handle(type, event) {
    this.#events[type](event);
  }

  /** Follows the state of the connection. */
  update() {
    if (this.#chat.snapshot.state !== 'live') this.#isLive = false;
    this.#show();
    this.showPending(); // also from before a reload
  }

  showPending() {
    const { client } = this.#chat;
    const name = this.#name ?? client?.home;
    const pending = (client?.pending ?? []).filter(({ room }) => room === name);
    const { length } = this.snapshot.pending;
    if (pending.length !== length || pending.some(({ ref }, index) => ref !== this.snapshot.pending[index].ref)) this.set({ pending });
  }

  get #room() {
    return this.#name === undefined ? this.#chat.client : this.#joined;
  }

  #reset() {
    for (const timer of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
    this.#isLive = this.#wasLive = this.#isOut = this.#isGiven = false;
    this.#joined = this.#gapAfter = undefined;
    this.#count = 0;
    this.#maximum = MAX_MESSAGES;
  }

  /** The state of the connection, or of the room, if that is behind. */
  #show(changes) {
    const { state } = this.#chat.snapshot;
    const waiting = this.#wasLive ? 'reconnecting' : 'connecting';
    this.set({ ...changes, state: this.#isOut ? 'closed' : state === 'live' && !this.#isLive ? waiting : state });
  }

  async #ask(act) {
    if (!this.#room) throw new Error('There is no connection. No mounted component uses the room, or the chat has no URL.');
    const answer = act(this.#room);
    this.showPending();
    return answer;
  }

  // What the server sends

  #events = {
    message: (message) => {
      const { from, position, live } = message;
      const { messages, gap, unread, hasOlder } = this.snapshot;
      const all = [...messages, this.#toItem(message, gap)];
      // Those that were missed at first are counted by the server.
      const isNew = position && this.#isOther(message) && (live || this.#wasLive);
      this.#stopTyping(from);
      this.set({
        messages: all.slice(-this.#maximum), gap: undefined, unread: unread + (isNew ? 1 : 0), hasOlder: hasOlder || all.length > this.#maximum,
      });
    },

    change: (change) => {
      this.#changes?.set(change.position, change);
      const { messages } = this.snapshot;
      const index = messages.findLastIndex(({ position }) => position === change.position);
      if (index >= 0) this.set({ messages: messages.with(index, withChange(messages[index], change)) });
    },

    gap: ({ after, missed, reset }) => {
      const { gap } = this.snapshot;
      // The same gap again, perhaps larger, or one that follows.
      if (!gap || after === this.#gapAfter) {
        this.#gapAfter = after;
        this.set({ gap: { missed, reset } });
      } else {
        this.set({ gap: { missed: gap.missed + missed || undefined, reset: gap.reset || reset } });
      }
    },

    live: ({ read, unread = this.snapshot.unread }) => {
      const { read: latest } = this.snapshot;
      const hasOlder = this.#wasLive ? this.snapshot.hasOlder : this.snapshot.messages.length > 0;
      this.#isLive = this.#wasLive = true;
      if (this.#isOut) {
        this.#isGiven = this.snapshot.error.code !== 'left';
        this.#isOut = false;
        this.set({ error: undefined });
      }

      this.#show({ read: read ?? latest, unread, hasOlder });
      // Their own messages are no news to users, and they can have read more than the server knows.
      for (const position of [read, latest]) if (position) this.#follow(position);
    },

    presence: ({ here, members, count, left }) => {
      left.forEach((user) => this.#stopTyping(user));
      this.set({ here, members, count });
    },

    signal: ({ from, name }) => {
      if (name !== 'typing' || !from || from === this.#chat.client.user) return;
      clearTimeout(this.#typing.get(from));
      this.#typing.set(from, setTimeout(() => this.#stopTyping(from), TYPING_TIME));
      this.#showTyping();
    },

    read: ({ user, position }) => {
      this.set({ reads: { ...this.snapshot.reads, [user]: position } });
      if (user === this.#chat.client.user) this.#follow(position); // perhaps on another device
    },

    ack: () => {
      if (this.snapshot.error?.kind) this.set({ error: undefined });
    },

    left: ({ room, reason: text }) => this.#end({ room, code: 'left', text }),

    error: (error) => {
      if (error.kind || error.code === 'unavailable') this.set({ error });
      else if (this.#isLive) this.#isGiven = true;
      else this.#end(error);
    },
  };

  #end(error) {
    this.#isOut = true;
    this.#show({ error });
  }

  #isOther({ from }) {
    return from === undefined || from !== this.#chat.client.user;
  }

  #toItem(message, gap) {
    return { ...message, key: message.position ?? `-${++this.#count}`, ...(gap && { gap }) };
  }

  /** The user has read up to a position. Positions before that of the last time change nothing. */
  #follow(position) {
    const { messages, read } = this.snapshot;
    const index = messages.findLastIndex((message) => message.position === position);
    if (index < 0 || (read && index < messages.findLastIndex((message) => message.position === read))) return;
    const unread = messages.slice(index + 1).filter((message) => message.position && this.#isOther(message)).length;
    if (read !== position || unread !== this.snapshot.unread) this.set({ read: position, unread });
  }

  #stopTyping(user) {
    clearTimeout(this.#typing.get(user));
    if (this.#typing.delete(user)) this.#showTyping();
  }

  #showTyping() {
    const typing = [...this.#typing.keys()];
    if (typing.join('\n') !== this.snapshot.typing.join('\n')) this.set({ typing });
  }

  /** Those before the oldest one that is shown, in the present stream of the room. */
  async #loadOlder(limit) {
    const first = this.#first;
    this.#changes = new Map();
    const room = this.#room;
    const { messages: older, more } = await this.#ask(() => room.older(limit, first?.position));
    const { messages } = this.snapshot;
    const index = first ? messages.findIndex(({ key }) => key === first.key) : 0;
    if (index < 0 || this.#room !== room) return;
    const items = older.map((message) => {
      const change = this.#changes.get(message.position);
      return this.#toItem(change && !(message.edited >= change.at) ? withChange(message, change) : message);
    });
    // Behind a reset, they take its place.
    const next = messages[index];
    if (items.length && next?.gap?.reset) {
      items[0] = { ...items[0], gap: next.gap };
      items.push({ ...next, gap: undefined });
    } else if (next) {
      items.push(next);
    }

    const all = [...messages.slice(0, index), ...items, ...messages.slice(index + 1)];
    this.#maximum = Math.max(this.#maximum, all.length);
    this.set({ messages: all, hasOlder: more });
  }

  get #first() {
    const { messages } = this.snapshot;
    const start = messages.findLastIndex(({ gap }) => gap?.reset);
    return messages.find(({ position }, index) => position && index >= start);
  }
}

const withChange = (message, { data, json, at, deleted }) => ({ ...message, data, json, edited: at, deleted });
