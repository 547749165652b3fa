import { eventStream } from './eventstream.js';
import { handOver, replaceConnection } from './handover.js';
import { polling } from './polling.js';

// If the server was down for a moment, the better transport was probably not at fault.
const SOON = 10_000;

/** After so many failures in a row, a transport that has worked is no longer trusted. */
const MAX_OUTAGES = 3;

/** Chooses the transport: the first one that gets through, until it is time to try a better one. */
export class Fallback {
  #connection;
  #times;
  #store;
  #key;
  #transports;
  #index = 0;
  #notOffered = new Set();
  #failures = 0; // of the current transport, in a row
  #outages = 0; // attempts in a row that told nothing about it
  #hasWorked = false;
  #since; // when it was chosen
  #signal; // of the current connection

  constructor(connection, socket, names, given, { store, key, isBroken }) {
    const times = { better: 600_000, ...given };
    this.#connection = connection;
    this.#times = times;
    this.#store = store;
    this.#key = key;
    const all = [socket, { name: 'eventsource', open: eventStream }, { name: 'polling', open: polling }];
    this.#transports = names.map((name) => all.find((transport) => transport.name === name)).filter(Boolean);
    const { name, at } = store.read(key) ?? {};
    const index = this.#transports.findIndex((transport) => transport.name === name);
    if (isBroken) {
      this.#move();
    } else if (index > 0 && Date.now() - at < times.better) {
      this.#index = index;
      this.#since = at;
      this.#hasWorked = true;
    }
  }

  get transport() {
    return this.#transports[this.#index];
  }

  get hasOthers() {
    return this.#offered.length > 1;
  }

  get #offered() {
    return this.#transports.filter((transport) => !this.#notOffered.has(transport));
  }

  /** An attempt has ended without an answer. Whether another transport takes its place at once. */
  failed({ isLate, isNotOffered, isUnknown }) {
    if (isNotOffered) {
      this.#notOffered.add(this.transport);
      this.#move();
      return this.#offered.length > 0 || this.#notOffered.clear();
    }

    if (!isUnknown) {
      this.#failures += isLate ? 2 : 1;
      if (this.#failures > 1) this.#move();
    } else if (++this.#outages > MAX_OUTAGES || !this.#hasWorked) {
      this.#choose(this.#offered[0]);
    }
  }

  /** The server has answered. */
  succeeded(transport, signal) {
    const hadOutage = this.#outages;
    if (transport !== this.transport) this.#choose(transport);
    this.#failures = this.#outages = 0;
    this.#hasWorked = true;
    this.#since ??= Date.now();
    this.#signal = signal;
    this.#store.write(this.#key, this.#index && { name: transport.name, at: this.#since });
    if (this.#index) this.#wait(hadOutage ? SOON : this.#since + this.#times.better - Date.now());
  }

  #move() {
    const { length } = this.#transports;
    const next = this.#transports.map((_, step) => this.#transports[(this.#index + 1 + step) % length]);
    this.#choose(next.find((transport) => !this.#notOffered.has(transport)) ?? this.transport);
  }

  #choose(transport) {
    this.#index = this.#transports.indexOf(transport);
    this.#failures = 0;
    this.#hasWorked = false;
    this.#since = undefined;
  }

  #wait(time) {
    const timer = setTimeout(() => this.#tryBetter(this.#transports.slice(0, this.#index).filter((each) => !this.#notOffered.has(each))), time);
    this.#signal.addEventListener('abort', () => clearTimeout(timer));
  }

  /** The current connection goes on until a better one has caught up. */
  #tryBetter([transport, ...others]) {
    const { spare } = this.#connection;
    if (spare && !spare.signal.aborted) {
      this.#wait(SOON);
    } else if (transport) {
      handOver(this.#connection, this.#times, transport, () => this.#tryBetter(others));
    } else {
      this.#since = Date.now();
      this.#store.write(this.#key, { name: this.transport.name, at: this.#since });
      this.#wait(this.#times.better);
    }
  }
}

export function replace(...options) {
  replaceConnection(...options);
}
