// The browser client of ChatKit. chatkit.d.ts describes its exports, docs/protocol.md the protocol.

import { Client } from './client.js';
import { Conversation } from './rooms.js';

class Chat extends Conversation {
  #client;

  constructor(client) {
    super(client);
    this.#client = client;
  }

  get state() {
    return this.#client.state;
  }

  get home() {
    return this.#client.home;
  }

  get user() {
    return this.#client.user;
  }

  get transport() {
    return this.#client.transport;
  }

  join(room) {
    return this.#client.join(room);
  }

  reconnect() {
    this.#client.open();
  }

  close() {
    this.#client.close();
  }
}

/** Connects to a room and stays connected. */
export function connect(url, options = {}) {
  return new Chat(new Client(url, options));
}
