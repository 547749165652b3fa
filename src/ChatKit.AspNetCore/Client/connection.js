// An error that would repeat, or the application's decision.
const isFinal = (code) => [1000, 1002, 1003, 1007, 1009].includes(code) || code >= 3000;

const MAX_REFUSALS = 3;

const encoder = new TextEncoder();

/** A WebSocket that reconnects. */
export class Connection {
  #client;
  #url;
  #token;
  #times;

  state = 'connecting';
  user; // of the latest connection; '' if anonymous
  lifetime = new AbortController();

  // Of the current connection:
  welcome;
  welcomedAt;
  sent; // the number of frames
  #isLimited; // has sent too much
  #retry; // the delay before the next one
  #earliest; // the minimum delay

  #reason = {}; // of the last failure: { reason, code }
  #attempts = 0; // since the last `live`
  #refusals = 0;
  #former = []; // ids of the latest connections
  #socket;
  #listening = new AbortController();
  #timer; // for connecting, silence, or the next attempt

  constructor(client, url, { token, times }) {
    this.#client = client;
    this.#url = url;
    this.#token = token;
    this.#times = times;
    const { signal } = this.lifetime;
    addEventListener('online', () => this.state === 'offline' && this.open(), { signal });
    // Without a network, a socket can look open for minutes.
    addEventListener('offline', () => this.state !== 'closed' && this.#goOffline(), { signal });
    queueMicrotask(() => this.#timer || signal.aborted || this.open()); // after the caller has added its listeners
  }

  /** Whether the server accepts frames. */
  get isOpen() {
    return this.welcome && !this.#isLimited;
  }

  async open() {
    if (this.lifetime.signal.aborted) return;
    this.#drop();
    const { signal } = (this.#listening = new AbortController());
    this.#report(this.state === 'connecting' ? 'connecting' : 'reconnecting');
    if (signal.aborted) return; // A listener has closed the client.
    const url = new URL(this.#url);
    for (const id of this.#former) url.searchParams.append('connection', id);
    this.#client.namePositions(url);
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

  close() {
    if (this.lifetime.signal.aborted) return;
    this.lifetime.abort();
    this.#end({ code: 1000, reason: '' });
  }

  send(frame) {
    if (!this.isOpen) return;
    this.sent++;
    this.#socket.send(frame);
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
    if (this.welcome?.ping) this.#expect(this.welcome.ping * 2_000);
    try {
      this.#client.hear(JSON.parse(text));
    } catch {
      // Unknown in this version.
    }
  }

  accept(welcome) {
    this.welcome = welcome;
    this.#former = [...this.#former, welcome.connection].slice(-8);
    this.welcomedAt = Date.now();
    this.sent = 0;
    this.user = welcome.user ?? '';
    if (welcome.ping) this.#expect(welcome.ping * 2_000);
    else clearTimeout(this.#timer);
  }

  goLive() {
    this.#attempts = this.#refusals = 0;
    this.#reason = {};
    this.#report('live');
  }

  answerPing() {
    this.#socket.send('{"type":"pong"}');
  }

  restart(retry) {
    if (retry >= 0) this.#retry = retry * 1_000;
  }

  /** The server closes the connection. */
  limit(retry) {
    this.#isLimited = true;
    if (retry >= 0) this.#earliest = retry * 1_000;
  }

  // How a connection ends

  /** Drops the connection if nothing arrives in time. */
  #expect(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#closed({ code: 1006, reason: '' }), time);
  }

  /** Doesn't wait for the closing handshake, which a dead connection never completes. */
  #drop() {
    clearTimeout(this.#timer);
    this.#listening.abort();
    this.#socket?.close();
    this.welcome = this.#retry = this.#earliest = undefined;
    this.#isLimited = false;
    this.#client.drop();
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
