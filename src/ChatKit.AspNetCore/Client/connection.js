import { onPage } from './listeners.js';
import { webSocket } from './socket.js';

const SOCKET = { name: 'websocket', open: webSocket };

// An error that would repeat, or the application's decision.
const isFinal = (code) => [1000, 1002, 1003, 1007, 1009].includes(code) || code >= 3000;

const MAX_REFUSALS = 3;

const encoder = new TextEncoder();

/** A connection that reconnects, by the best transport that gets through. */
export class Connection {
  #client;
  #url;
  #token;
  #times;
  #store;
  #names; // of the transports, the best one first
  #fallback; // chooses the transport, once the first one doesn't get through

  state = 'connecting';
  user; // of the latest connection; '' if anonymous
  lifetime = new AbortController();
  WebSocket; // if the page has chosen one

  // Of the current connection:
  welcome;
  welcomedAt;
  sent; // the number of frames
  #transport;
  #send;
  attempt = new AbortController(); // closes it
  #isLimited; // has sent too much
  #retry; // the delay before the next one, if the server restarts
  #earliest; // the minimum delay
  #refused; // the minimum delay after 1008
  #renewal; // the timer for the next one, which takes over while this one goes on

  #reason = {}; // of the last failure: { reason, code }
  #attempts = 0; // since the last `live`
  #broken = 0; // attempts that ended without an answer, until there is a fallback
  #refusals = 0;
  #former = []; // ids of the latest connections
  #timer; // for connecting, silence, or the next attempt

  constructor(client, url, { token, times, store, transports = ['websocket', 'eventsource', 'polling'], WebSocket }) {
    this.#client = client;
    this.#url = url;
    this.#token = token;
    this.#times = times;
    this.#store = store;
    this.#names = transports;
    this.WebSocket = WebSocket;
    const { signal } = this.lifetime;
    onPage('online', () => this.state === 'offline' && this.open(), signal);
    // Without a network, a socket can look open for minutes.
    onPage('offline', () => this.state !== 'closed' && this.#goOffline(), signal);
    queueMicrotask(() => this.#timer || signal.aborted || this.open()); // after the caller has added its listeners
  }

  /** Whether the server accepts frames. */
  get isOpen() {
    return this.welcome && !this.#isLimited;
  }

  get transport() {
    return this.welcome && this.#transport.name;
  }

  async open() {
    if (this.lifetime.signal.aborted) return;
    this.#drop();
    const attempt = this.attempt;
    this.#report(this.state === 'connecting' ? 'connecting' : 'reconnecting');
    if (attempt.signal.aborted) return; // A listener has closed the client.
    this.#expect(this.#times.connect);
    const [first, second] = this.#names;
    const key = `chatkit:${this.#url} transport`;
    if (!this.#fallback && (first !== SOCKET.name || (second && (this.#broken > 1 || this.#store.read(key))))) {
      try {
        const { Fallback } = await import('./chatkit.fallback.js');
        this.#fallback ??= new Fallback(this, SOCKET, this.#names, this.#times, { store: this.#store, key, isBroken: this.#broken > 1 });
      } catch {} // The server can be down, and the first transport works when it is up.
    }

    this.dial(attempt);
  }

  /** Opens a transport. An attempt other than the current one replaces that as soon as it passes on a frame. */
  async dial(attempt, transport = this.#fallback?.transport ?? SOCKET, failed, open = transport.open) {
    const { signal } = attempt;
    const { connect, fallback } = this.#times;
    const end = (event) => (attempt === this.attempt ? this.#closed(event) : failed(event));
    try {
      const token = await this.#token?.();
      if (signal.aborted) return;
      if (!failed) this.#expect(Math.min(connect, (this.#fallback?.hasOthers ?? this.#names[1]) ? fallback : connect));
      const url = new URL(this.#url);
      for (const id of this.#former) url.searchParams.append('connection', id);
      this.#client.namePositions(url);
      const send = open({
        url, token, signal, client: this.#client, connection: this, end,
        hear: (text) => {
          if (attempt !== this.attempt) this.#drop(attempt);
          this.#transport = transport;
          this.#send = send;
          this.#hear(text);
        },
      }, transport);
    } catch (error) {
      if (!signal.aborted) end({ code: 1006, reason: error?.message, isLocal: true });
    }
  }

  close() {
    if (this.lifetime.signal.aborted) return;
    this.lifetime.abort();
    this.#end({ code: 1000, reason: '' });
  }

  send(frame) {
    if (!this.isOpen) return;
    this.sent++;
    this.#send(frame);
  }

  fits(frame) {
    return encoder.encode(frame).length <= (this.welcome?.limit ?? Infinity);
  }

  /** Full jitter, so that clients don't all reconnect at once. */
  backoff(attempt) {
    return Math.random() * Math.min(this.#times.backoffLimit, this.#times.backoff * 2 ** attempt);
  }

  // What the server sends

  #hear(text) {
    if (this.welcome) this.#expect(this.welcome.ping * 2_000);
    try {
      this.#client.hear(JSON.parse(text));
    } catch {
      // Unknown in this version, or only a sign of life.
    }

    this.heard?.(text);
  }

  accept(welcome) {
    this.welcome = welcome;
    this.#former = [...this.#former, welcome.connection].slice(-8);
    this.welcomedAt = Date.now();
    this.sent = this.#broken = 0;
    this.user = welcome.user ?? '';
    this.#fallback?.succeeded(this.#transport, this.attempt.signal);
    this.#expect(welcome.ping * 2_000);
    this.#replaceAfter(Math.max(welcome.expires, 1) * (700 + 200 * Math.random()));
  }

  goLive() {
    this.#attempts = this.#refusals = 0;
    this.#reason = {};
    this.#report('live');
  }

  answerPing() {
    this.#send('{"type":"pong"}');
  }

  restart(retry) {
    if (retry >= 0) this.#replaceAfter((this.#retry = retry * 1_000), true);
  }

  /** Opens the next connection, and leaves this one when that has caught up. It is urgent if the server restarts. */
  #replaceAfter(time, isUrgent) {
    clearTimeout(this.#renewal);
    // A timer can't wait for much longer.
    if (time < 2e9) {
      this.#renewal = setTimeout(() => {
        if (isUrgent) this.#retry = undefined;
        else if (this.state === 'live') this.#refused = 0; // The credentials expire.
        import('./chatkit.fallback.js').then(({ replace }) => replace(this, this.#times, isUrgent), () => {});
      }, time);
    }
  }

  /** The server closes the connection. */
  limit(retry) {
    this.#isLimited = true;
    this.#earliest = retry >= 0 ? retry * 1_000 : this.#times.refused;
  }

  // How a connection ends

  /** Drops the connection if nothing arrives in time. Without a time, it waits forever. */
  #expect(time) {
    clearTimeout(this.#timer);
    if (time) this.#timer = setTimeout(() => this.#closed({ code: 1006, reason: '', isLate: true }), time);
  }

  /** Doesn't wait for the closing handshake, which a dead connection never completes. */
  #drop(next = new AbortController()) {
    clearTimeout(this.#timer);
    clearTimeout(this.#renewal);
    const ended = this.attempt;
    this.attempt = next;
    ended.abort();
    this.welcome = this.#retry = this.#earliest = undefined;
    this.#refused = this.#times.refused;
    this.#isLimited = false;
    this.#client.drop();
  }

  #closed(event) {
    const { code, reason } = event;
    // Without an answer, it can be the fault of the transport.
    if (!this.welcome && code === 1006 && !event.isLocal && globalThis.navigator?.onLine !== false) {
      this.#broken += event.isLate ? 2 : 1;
      if (this.#fallback?.failed(event)) {
        this.dial(this.attempt);
        return;
      }
    }

    this.#refusals = code === 1008 && !this.#isLimited ? this.#refusals + 1 : 0;
    if (isFinal(code) || this.#refusals >= MAX_REFUSALS) {
      this.#end({ code, reason });
      return;
    }

    this.#reason = { code, reason };
    if (globalThis.navigator?.onLine === false) {
      this.#goOffline();
      return;
    }

    const earliest = this.#earliest ?? event.earliest ?? { 1008: this.#refused, 1013: this.#times.busy }[code] ?? 0;
    const usual = earliest + this.backoff(this.#attempts++);
    const delay = this.#retry ?? usual;
    this.#drop();
    this.#timer = setTimeout(() => this.open(), delay);
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
    this.#client.end();
  }

  #report(state, retryAt) {
    this.state = state;
    this.#client.emit('state', { state, ...this.#reason, retryAt });
  }
}
