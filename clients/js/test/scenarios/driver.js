// The driver of the JavaScript client, in Node.js and in a page. tests/ChatKit.ClientScenarios/README.md describes its commands and events.

const EVENTS = ['message', 'change', 'gap', 'live', 'presence', 'signal', 'read', 'left', 'state', 'error'];

// The chat reports them, but their outcome is reported otherwise, or later.
const WAITING = ['unavailable', 'rate_limited'];

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

const ofBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

const toContent = ({ data, json }) => (data instanceof Uint8Array ? { base64: toBase64(data) } : { data, json });

const toMessage = ({ data, json, edited, deleted, ...others }) => ({
  ...others,
  ...toContent({ data, json }),
  edited: edited && !deleted ? true : undefined,
  deleted: deleted || undefined,
});

export class Driver {
  #connect;
  #write;
  #options;
  #chat;
  #rooms = new Map(); // by name, also those that the client has left

  /**
   * @param connect That of the client.
   * @param write Writes a line.
   * @param options More options of the client.
   */
  constructor(connect, write, options = {}) {
    this.#connect = connect;
    this.#write = (event, members) => write(JSON.stringify({ event, ...members }));
    this.#options = options;
    this.#write('ready');
  }

  handle(line) {
    const { command, ...parameters } = JSON.parse(line);
    this.#commands[command](parameters);
  }

  #commands = {
    connect: ({ url, ...options }) => {
      const chat = this.#connect(url, { ...options, ...this.#options });
      this.#chat = chat;
      for (const type of EVENTS) chat.on(type, (event) => this.#report[type](event));
    },

    send: ({ id, room, data, base64, json }) => this.#follow(id, this.#in(room).send(json ?? (base64 ? ofBase64(base64) : data))),
    edit: ({ id, room, position, data }) => this.#follow(id, this.#in(room).edit(position, data)),
    delete: ({ id, room, position }) => this.#follow(id, this.#in(room).delete(position)),
    join: ({ room }) => this.#rooms.set(room, this.#chat.join(room)),
    leave: ({ room }) => this.#rooms.get(room).leave(),
    read: ({ room, position }) => this.#in(room).read(position),
    signal: ({ room, signalName, data }) => this.#in(room).signal(signalName, data),

    older: ({ id, room, limit, before }) => this.#in(room).older(limit, before).then(
      ({ messages, more }) => this.#write('older', { id, messages: messages.map(toMessage), more }),
      ({ code }) => this.#write('refused', { id, code })),

    close: () => {
      this.#chat?.close();
      this.#chat = undefined;
      this.#rooms.clear();
      setTimeout(() => this.#write('ready')); // after the outcomes of what was sent
    },
  };

  #report = {
    message: (event) => this.#write('message', toMessage(event)),
    change: (event) => this.#write('change', toMessage(event)),
    gap: ({ room, after, next, missed, reset }) => this.#write('gap', { room, after, next, missed, reset: reset || undefined }),
    live: (event) => this.#write('live', event),
    presence: ({ room, here, count, members }) => this.#write('presence', { room, here: here.sort(), count, members }),
    signal: (event) => this.#write('signal', event),
    read: (event) => this.#write('read', event),
    left: (event) => this.#write('left', event),
    state: ({ state, code, reason, retryAt }) => this.#write('state', { state, code, reason, retryIn: retryAt && retryAt - Date.now() }),

    error: ({ kind, room, code }) => {
      if (kind) return; // The promise reports it.
      this.#write(room === undefined || WAITING.includes(code) ? 'error' : 'refused', { room, code });
    },
  };

  #in(room) {
    return room === undefined ? this.#chat : this.#rooms.get(room);
  }

  #follow(id, outcome) {
    outcome.then(({ position }) => this.#write('sent', { id, position }), ({ code }) => this.#write('refused', { id, code }));
  }
}
