const HISTORY_LIMIT = 100;
const MAX_ITEMS = 500;
const GROUP_WINDOW = 5 * 60_000;

// Nothing marks the end of the replayed history: it counts as complete once no more has arrived for a while.
const REPLAY_QUIET = 250;
const REPLAY_DEADLINE = 3_000;

const BACKOFF_BASE = 500;
const BACKOFF_CAP = 15_000;
const REFUSED_EXTRA_DELAY = 5_000;
const STABLE_AFTER = 10_000;
const CONNECT_TIMEOUT = 10_000;

const REFUSALS = {
  1008: 'The server refused the connection.',
  1009: 'A message was too large for the server.',
  1011: 'The server ran into an error.',
};
const UNCONFIRMED = 'This may not have been sent. Please check before you send it again.';

const STATE_LABELS = {
  connected: 'Connected',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  closed: 'Disconnected',
};

const NOTICES = { joined: ' joined ', left: ' left ' };

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });

const byId = (id) => document.getElementById(id);

/** A WebSocket that reconnects by itself, with exponential backoff and full jitter. */
class Connection {
  #url;
  #handlers;
  #socket;
  #state;
  #failures = 0;
  #timer; // Connect timeout, stability check and retry never overlap.
  #attempt = new AbortController();
  #lifetime = new AbortController();

  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    const { signal } = this.#lifetime;
    addEventListener('online', () => this.#state === 'offline' && this.connect(), { signal });
    addEventListener('offline', () => this.#state !== 'closed' && this.#goOffline(), { signal });
  }

  connect() {
    this.#open('connecting');
  }

  send(text) {
    this.#socket.send(text);
  }

  stop() {
    this.#lifetime.abort();
    this.#drop();
  }

  #open(state, reason) {
    this.#drop();
    this.#report(state, reason);
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    const socket = new WebSocket(this.#url);
    socket.addEventListener('open', () => this.#opened(), { signal });
    socket.addEventListener('message', (event) => this.#handlers.onFrame(JSON.parse(event.data)), { signal });
    socket.addEventListener('close', (event) => this.#closed(event), { signal });
    this.#socket = socket;
    this.#after(CONNECT_TIMEOUT, () => socket.close());
  }

  #opened() {
    this.#after(STABLE_AFTER, () => { this.#failures = 0; });
    this.#report('connected');
  }

  #closed({ code, reason }) {
    this.#drop();
    if (code === 1000 || code >= 4000) this.#report('closed', reason || 'The server ended the connection.');
    else if (!navigator.onLine) this.#goOffline();
    else this.#retry(reason || REFUSALS[code] || 'There is no connection to the server.', code in REFUSALS);
  }

  #retry(reason, refused) {
    const backoff = Math.random() * Math.min(BACKOFF_CAP, BACKOFF_BASE * 2 ** this.#failures++);
    const delay = backoff + (refused ? REFUSED_EXTRA_DELAY : 0);
    this.#report('reconnecting', reason, Date.now() + delay);
    this.#after(delay, () => this.#open('reconnecting', reason));
  }

  // A socket can look open for minutes after the network is gone, so it is given up at once.
  #goOffline() {
    this.#drop();
    this.#report('offline', 'Your device is offline. The chat reconnects when the network is back.');
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#attempt.abort();
    this.#socket?.close(1000);
  }

  #after(delay, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, delay);
  }

  #report(state, reason = '', retryAt = 0) {
    this.#state = state;
    this.#handlers.onState(state, reason, retryAt);
  }
}

/** The list of messages, notices and separators. */
class Transcript {
  #list = byId('messages');
  #jump = byId('jump');
  #seen = new Set();
  #pinned = true;
  #lastTop = 0;
  #unseen = 0;

  constructor() {
    this.#list.addEventListener('scroll', () => this.#scrolled());
    this.#jump.addEventListener('click', () => {
      this.scrollToEnd();
      this.#list.focus();
    });
    new ResizeObserver(() => this.#pinned && this.scrollToEnd()).observe(this.#list);
  }

  get isEmpty() {
    return this.#seen.size === 0;
  }

  clear() {
    this.#list.replaceChildren();
    this.#seen.clear();
    this.scrollToEnd();
  }

  /** Adds the entries not shown yet, in the server's order, and returns the messages among them. */
  merge(entries, ownName) {
    const gap = this.#isGapBefore(entries);
    const added = [];
    let successor = null;
    for (const entry of entries.toReversed()) {
      if (this.#seen.has(entry.id)) {
        successor = byId(`message-${entry.id}`) ?? successor;
      } else if (entry.type === 'message') {
        successor = this.#insert(createMessage(entry, ownName), successor);
        this.#seen.add(entry.id);
        added.unshift(entry);
      } else {
        successor = this.#insert(createNotice(entry), successor);
      }
    }
    if (gap) this.#insert(createItem('gap', entries[0].at, 'Some messages may be missing here'), successor);
    this.#trim();
    if (this.#pinned) this.scrollToEnd();
    return added;
  }

  countUnseen(count) {
    if (!this.#pinned) this.#showUnseen(this.#unseen + count);
  }

  scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#lastTop = this.#list.scrollTop;
    this.#pinned = true;
    this.#showUnseen(0);
  }

  #isGapBefore(entries) {
    const messages = entries.filter((entry) => entry.type === 'message');
    return !this.isEmpty && messages.length >= HISTORY_LIMIT && !messages.some(({ id }) => this.#seen.has(id));
  }

  #insert(item, successor) {
    const before = successor?.previousElementSibling;
    const startsDay = before?.matches('.day') && before.dataset.day !== item.dataset.day;
    this.#list.insertBefore(item, startsDay ? before : successor);
    if (item.previousElementSibling?.dataset.day !== item.dataset.day) {
      item.before(createItem('day', item.dataset.day, dayFormat.format(item.dataset.time)));
    }
    group(item);
    group(item.nextElementSibling);
    return item;
  }

  // The first item is always a day separator. It stays as long as its day has other items.
  #trim() {
    while (this.#list.childElementCount > MAX_ITEMS) {
      const day = this.#list.firstElementChild;
      day.nextElementSibling.remove();
      group(day.nextElementSibling);
      if (day.nextElementSibling.matches('.day')) day.remove();
    }
  }

  // The list may have shrunk or grown since the scroll event was queued: only moving up is the reader's doing.
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    if (scrollHeight - scrollTop - clientHeight < 40) this.#pinned = true;
    else if (scrollTop < this.#lastTop) this.#pinned = false;
    this.#lastTop = scrollTop;
    if (this.#pinned) this.#showUnseen(0);
  }

  #showUnseen(count) {
    this.#unseen = count;
    this.#jump.hidden = count === 0;
    this.#jump.textContent = `${count} new ${count === 1 ? 'message' : 'messages'}`;
  }
}

function create(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function createItem(className, at, ...children) {
  const item = create('li', { className }, ...children);
  const date = new Date(at);
  item.dataset.day = date.toDateString();
  item.dataset.time = date.getTime();
  return item;
}

function createMessage({ id, from, text, at }, ownName) {
  const sender = create('bdi', { className: 'from', textContent: from });
  const item = createItem(from === ownName ? 'message own' : 'message', at,
    create('p', { className: 'meta' }, sender, ' ', createTime(at)),
    create('p', { className: 'text', dir: 'auto', textContent: text }));
  item.id = `message-${id}`;
  return item;
}

function createNotice({ type, from, at }) {
  return createItem('notice', at, create('bdi', { textContent: from }), NOTICES[type], createTime(at));
}

function createTime(at) {
  return create('time', { dateTime: at, textContent: timeFormat.format(new Date(at)) });
}

/** Marks a message that follows shortly after another one from the same person. */
function group(item) {
  if (!item?.matches('.message')) return;
  const sender = (message) => message.querySelector('.from').textContent;
  const previous = item.previousElementSibling;
  item.classList.toggle('grouped', previous.matches('.message') && sender(previous) === sender(item)
    && item.dataset.time - previous.dataset.time < GROUP_WINDOW);
}

// Storage throws where the user has blocked it.
function findStorage() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

const storage = findStorage();
const transcript = new Transcript();
const nameInput = byId('name');
const roomInput = byId('room');
const textInput = byId('text');
const sendButton = byId('send').querySelector('button');

let session;
let countdownTimer;

function join(name, room) {
  session = { name, room, unread: 0, unconfirmed: [], replay: null };
  const url = new URL(`chat/${encodeURIComponent(room)}?name=${encodeURIComponent(name)}`, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  session.connection = new Connection(url, { onState, onFrame });
  byId('room-title').textContent = room;
  byId('own-name').textContent = name;
  showChat(true);
  clearDraft();
  session.connection.connect();
  textInput.focus();
}

function leave() {
  session.connection.stop();
  cancelReplay();
  countDown(0);
  session = null;
  transcript.clear();
  showChat(false);
  roomInput.select();
}

function showChat(visible) {
  byId('welcome').hidden = visible;
  byId('chat').hidden = !visible;
  showTitle();
}

function showTitle() {
  const unread = session?.unread ? `(${session.unread}) ` : '';
  document.title = session ? `${unread}${session.room} · ChatKit` : 'ChatKit';
}

function onState(state, reason, retryAt) {
  const connected = state === 'connected';
  const troubled = !connected && state !== 'connecting';
  byId('state').dataset.state = state;
  setText('state-text', STATE_LABELS[state]);
  countDown(retryAt);
  setText('reason', reason);
  byId('trouble').hidden = !troubled;
  sendButton.disabled = !connected;
  setText('hint', troubled ? 'You can keep typing. Send your text once the connection is back.' : '');
  cancelReplay();
  if (connected) beginReplay();
  else if (session.unconfirmed.length > 0) takeBack(Infinity, UNCONFIRMED);
}

// Setting the same text again would make screen readers repeat it.
function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function countDown(until) {
  clearTimeout(countdownTimer);
  const seconds = Math.ceil((until - Date.now()) / 1000);
  setText('countdown', seconds > 0 ? ` in ${seconds} s` : '');
  if (seconds > 0) countdownTimer = setTimeout(countDown, 250, until);
}

function onFrame(frame) {
  if (frame.type === 'error') takeBack(1, frame.text);
  else if (frame.type !== 'message' && !(frame.type in NOTICES)) return;
  else if (session.replay) continueReplay(frame);
  else show([frame], true);
}

function beginReplay() {
  byId('log').ariaLive = 'off';
  session.replay = { entries: [], deadline: Date.now() + REPLAY_DEADLINE };
  session.replay.timer = setTimeout(endReplay, REPLAY_DEADLINE);
}

function continueReplay(entry) {
  const { replay } = session;
  replay.entries.push(entry);
  clearTimeout(replay.timer);
  replay.timer = setTimeout(endReplay, Math.min(REPLAY_QUIET, replay.deadline - Date.now()));
}

function endReplay() {
  const { entries } = session.replay;
  session.replay = null;
  show(entries, !transcript.isEmpty);
  setTimeout(() => { if (!session?.replay) byId('log').ariaLive = 'polite'; }, 100);
}

function cancelReplay() {
  clearTimeout(session.replay?.timer);
  session.replay = null;
}

function show(entries, isNews) {
  const added = transcript.merge(entries, session.name);
  const others = added.filter(({ from }) => from !== session.name);
  added.filter(({ from }) => from === session.name).forEach(({ text }) => confirmSent(text));
  if (!isNews) return;
  transcript.countUnseen(others.length);
  if (document.hidden) session.unread += others.length;
  showTitle();
}

function send() {
  const text = textInput.value.trim();
  if (!text || sendButton.disabled) return;
  session.connection.send(text);
  session.unconfirmed.push(text);
  clearDraft();
  transcript.scrollToEnd();
}

function confirmSent(text) {
  const index = session.unconfirmed.indexOf(text);
  if (index >= 0) session.unconfirmed.splice(index, 1);
  else if (textInput.value.trim() === text) clearDraft();
}

/** Puts what was sent, but never came back from the server, into the text box again. */
function takeBack(count, problem) {
  const texts = session.unconfirmed.splice(0, count);
  if (texts.length > 0) setDraft([...texts, textInput.value].filter(Boolean).join('\n'));
  byId('problem').textContent = problem;
}

function clearDraft() {
  setDraft('');
  byId('problem').textContent = '';
}

function setDraft(text) {
  textInput.value = text;
  growTextInput();
}

function growTextInput() {
  textInput.style.height = 'auto';
  const border = textInput.offsetHeight - textInput.clientHeight;
  textInput.style.height = `${textInput.scrollHeight + border}px`;
}

function preset() {
  const query = new URLSearchParams(location.search);
  nameInput.value = (query.get('name') ?? storage?.getItem('chatkit.name') ?? '').slice(0, nameInput.maxLength);
  const room = roomInHash() || query.get('room') || storage?.getItem('chatkit.room') || 'lobby';
  roomInput.value = room.slice(0, roomInput.maxLength);
  const firstEmpty = [nameInput, roomInput].find((input) => !input.value);
  (firstEmpty ?? byId('join').querySelector('button')).focus();
}

function roomInHash() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

byId('join').addEventListener('change', ({ target }) => { target.value = target.value.trim(); });

byId('join').addEventListener('submit', (event) => {
  event.preventDefault();
  storage?.setItem('chatkit.name', nameInput.value);
  storage?.setItem('chatkit.room', roomInput.value);
  history.replaceState(null, '', `${location.pathname}#${encodeURIComponent(roomInput.value)}`);
  join(nameInput.value, roomInput.value);
});

byId('send').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});

textInput.addEventListener('input', () => (textInput.value ? growTextInput() : clearDraft()));

textInput.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('send').requestSubmit();
});

byId('leave').addEventListener('click', leave);

byId('reconnect').addEventListener('click', () => {
  session.connection.connect();
  textInput.focus();
});

document.addEventListener('visibilitychange', () => {
  if (!session || document.hidden) return;
  session.unread = 0;
  showTitle();
});

addEventListener('hashchange', () => {
  if (session) leave();
  preset();
});

preset();
