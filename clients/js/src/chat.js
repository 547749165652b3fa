import { connect } from './chatkit.js';
import { RoomStore } from './room.js';
import { Store } from './store.js';

const INITIAL = {
  state: 'connecting', reason: undefined, code: undefined, retryAt: undefined,
  user: undefined, home: undefined, transport: undefined, error: undefined, client: undefined,
};

const ROOM_EVENTS = ['message', 'change', 'gap', 'live', 'presence', 'signal', 'read', 'left', 'ack'];

/** A connection, and the rooms that components use. */
export class ChatStore extends Store {
  url;
  options; // of the latest render

  live = new Set(); // the rooms that the client has caught up with, also those that the server has let it into by itself

  actions = {
    reconnect: () => this.client?.reconnect(),
  };

  #home = new RoomStore(this);
  #rooms = new Map(); // by name

  constructor(url, options) {
    super(url ? INITIAL : { ...INITIAL, state: 'closed' });
    this.url = url;
    this.options = options;
  }

  get client() {
    return this.snapshot.client;
  }

  room(name) {
    if (name === undefined || (name === this.client?.home && !this.#rooms.has(name))) return this.#home;
    if (!this.#rooms.has(name)) this.#rooms.set(name, new RoomStore(this, name));
    return this.#rooms.get(name);
  }

  start() {
    if (!this.url) return;
    const { token } = this.options;
    const client = connect(this.url, { ...this.options, token: token && (() => this.options.token?.()) });
    this.set({ client });
    client.on('state', ({ state, reason, code, retryAt }) => {
      const { user, home, transport } = client;
      if (state !== 'live') this.live.clear();
      this.set({ state, reason, code, retryAt, user, home, transport });
      for (const room of this.#all) room.update();
    });
    client.on('error', (error) => {
      if (error.kind || error.room !== undefined) this.#dispatch('error', error);
      else this.set({ error });
      this.#showPending();
    });
    client.on('ack', () => {
      if (this.snapshot.error) this.set({ error: undefined });
      this.#showPending();
    });
    for (const type of ROOM_EVENTS) client.on(type, (event) => this.#dispatch(type, event));
  }

  stop() {
    this.client?.close();
    for (const room of this.#all) room.clear();
    this.live.clear();
    this.set({ ...INITIAL, state: this.url ? 'connecting' : 'closed' });
  }

  get #all() {
    return [this.#home, ...this.#rooms.values()];
  }

  /** A component can have asked for the home room by its name, before that was known. */
  #dispatch(type, event) {
    const { room = this.client.home } = event;
    if (type === 'live') this.live.add(room);
    if (type === 'left') this.live.delete(room);
    if (room === this.client.home) this.#home.handle(type, event);
    this.#rooms.get(room)?.handle(type, event);
  }

  #showPending() {
    for (const room of this.#all) room.showPending();
  }
}
