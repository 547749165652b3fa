import { connect } from './_content/ChatKit.AspNetCore/chatkit.js';

const MAX_ITEMS = 500;
const GROUP_WINDOW = 5 * 60_000;

const CLOSINGS = {
  1006: 'There is no connection to the server.',
  1008: 'The server refused the connection.',
  1009: 'A message was too large for the server.',
  1011: 'An error occurred on the server.',
  1013: 'The server is overloaded, or you have too many connections.',
};

const STATE_LABELS = {
  live: 'Connected',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  closed: 'Disconnected',
};

const STATE_REASONS = {
  offline: 'Your device is offline. The chat reconnects when the network is back.',
  closed: 'The server ended the connection.',
};

const FATES = {
  unknown: 'This message may or may not have been sent.',
  'too-big': 'Not sent: it is too long.',
};

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });

const byId = (id) => document.getElementById(id);

/** The list of messages, notices, and separators, followed by the pending messages. */
class Transcript {
  #view = byId('transcript');
  #list = byId('messages');
  #pending = byId('pending');
  #jump = byId('jump');
  #pinned = true;
  #lastTop = 0;
  #unseen = 0;

  constructor() {
    this.#view.addEventListener('scroll', () => this.#scrolled());
    this.#jump.addEventListener('click', () => {
      this.scrollToEnd();
      this.#view.focus();
    });
    new ResizeObserver(() => this.#keepPinned()).observe(this.#view);
  }

  clear() {
    this.#list.replaceChildren();
    this.#pending.replaceChildren();
    this.scrollToEnd();
  }

  add(item) {
    if (this.#list.lastElementChild?.dataset.day !== item.dataset.day) {
      this.#list.append(createItem('day', item.at, dayFormat.format(item.at)));
    }
    this.#list.append(item);
    group(item);
    this.#trim();
    this.#keepPinned();
  }

  addGap(text) {
    const last = this.#list.lastElementChild;
    this.add(createItem('gap', last?.at ?? new Date(), text));
  }

  /** Shows the pending messages. Refused messages stay until the user edits them. */
  showPending(pending) {
    const refs = new Set(pending.map(({ ref }) => ref));
    for (const item of [...this.#pending.children]) {
      if (!refs.has(item.dataset.ref) && !item.matches('.refused')) item.remove();
    }
    for (const { ref, data } of pending) {
      if (!this.#findPending(ref)) this.#pending.append(createPending(ref, data));
    }
    this.#keepPinned();
  }

  showRefused(ref, data, fate, onEdit) {
    const item = this.#findPending(ref) ?? createPending(ref, data);
    this.#pending.append(item);
    const edit = create('button', { type: 'button', className: 'quiet', textContent: 'Edit' });
    edit.addEventListener('click', () => {
      item.remove();
      onEdit(data);
    });
    item.classList.add('refused');
    item.querySelector('.fate').replaceChildren(fate, edit);
    this.#keepPinned();
  }

  countUnseen(count) {
    if (!this.#pinned) this.#showUnseen(this.#unseen + count);
  }

  scrollToEnd() {
    this.#view.scrollTop = this.#view.scrollHeight;
    this.#lastTop = this.#view.scrollTop;
    this.#pinned = true;
    this.#showUnseen(0);
  }

  #findPending(ref) {
    return [...this.#pending.children].find((item) => item.dataset.ref === ref);
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

  #keepPinned() {
    if (this.#pinned) this.scrollToEnd();
  }

  // The view may have been resized since the scroll event was queued. Only a move up is always caused by the reader.
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#view;
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
  const item = create('li', { className, at }, ...children);
  item.dataset.day = at.toDateString();
  return item;
}

function createMessage({ from, data, at }, own) {
  const sender = create('bdi', { className: 'from', textContent: from });
  return createItem(own ? 'message own' : 'message', at,
    create('p', { className: 'meta' }, sender, ' ', createTime(at)),
    create('p', { className: 'text', dir: 'auto', textContent: data }));
}

function createPending(ref, data) {
  const item = create('li', { className: 'message own pending' },
    create('p', { className: 'text', dir: 'auto', textContent: data }),
    create('p', { className: 'fate' }, 'Sending…'));
  item.dataset.ref = ref;
  return item;
}

function createNotice(name, what) {
  const now = new Date();
  return createItem('notice', now, create('bdi', { textContent: name }), ` ${what} `, createTime(now));
}

function createTime(at) {
  return create('time', { dateTime: at.toISOString(), textContent: timeFormat.format(at) });
}

/** Marks a message that follows shortly after another one from the same person. */
function group(item) {
  if (!item?.matches('.message')) return;
  const sender = (message) => message.querySelector('.from').textContent;
  const previous = item.previousElementSibling;
  item.classList.toggle('grouped', previous.matches('.message') && sender(previous) === sender(item)
    && item.at - previous.at < GROUP_WINDOW);
}

// Storage throws if the user has blocked it.
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
  const chat = connect(`chat/${encodeURIComponent(room)}?name=${encodeURIComponent(name)}`);
  session = { chat, room, unread: 0, wasLive: false };
  chat.on('state', showState);
  chat.on('message', showMessage);
  chat.on('gap', ({ missed, reset }) => transcript.addGap(reset
    ? 'Older messages were lost on the server'
    : missed === 1 ? '1 message is missing here' : `${missed} messages are missing here`));
  chat.on('presence', showPresence);
  chat.on('ack', () => {
    setText('problem', '');
    transcript.showPending(chat.pending);
  });
  chat.on('error', showProblem);
  byId('room-title').textContent = room;
  byId('own-name').textContent = name;
  showChat(true);
  clearDraft();
  transcript.showPending(chat.pending); // from before a reload
  textInput.focus();
}

function leave() {
  session.chat.close();
  countDown(0);
  session = null;
  transcript.clear();
  showHere([]);
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

function showState({ state, reason, code, retryAt = 0 }) {
  const live = state === 'live';
  const troubled = !live && state !== 'connecting';
  byId('state').dataset.state = state;
  setText('state-text', STATE_LABELS[state]);
  countDown(retryAt);
  byId('trouble').hidden = !troubled;
  if (troubled) setText('reason', STATE_REASONS[state] ?? (reason || CLOSINGS[code] || CLOSINGS[1006]));
  sendButton.disabled = state === 'closed';
  setText('hint', troubled && state !== 'closed' ? 'You can keep writing. Your messages are sent when the connection is back.' : '');
  announce(live);
  session.wasLive ||= live;
}

// Screen readers don't announce older messages.
function announce(live) {
  if (!live) byId('log').ariaLive = 'off';
  else setTimeout(() => { if (session?.chat.state === 'live') byId('log').ariaLive = 'polite'; }, 100);
}

function showMessage(message) {
  const own = message.from === session.chat.user;
  transcript.add(createMessage(message, own));
  if (own || !session.wasLive) return;
  transcript.countUnseen(1);
  if (document.hidden) session.unread++;
  showTitle();
}

function showProblem({ ref, code, text, data }) {
  if (code === 'unavailable') {
    setText('problem', 'The server cannot store messages at present. Your messages are kept, and sent when it can.');
    return;
  }

  if (data === undefined) {
    setText('problem', text);
    return;
  }

  setText('problem', 'A message was not sent, or may not have been sent.');
  transcript.showRefused(ref, data, FATES[code] ?? `Not sent: ${text}`, takeBack);
}

function showPresence({ here, joined, left }) {
  joined.forEach((name) => transcript.add(createNotice(name, 'joined')));
  left.forEach((name) => transcript.add(createNotice(name, 'left')));
  showHere(here);
}

function showHere(people) {
  byId('here').hidden = people.length === 0;
  byId('here').replaceChildren(...people.toSorted().map((name) => create('li', {}, create('bdi', { textContent: name }))));
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

function send() {
  const text = textInput.value.trim();
  if (!text || sendButton.disabled) return;
  clearDraft();
  session.chat.send(text).catch(() => {}); // The events report the outcome, also of messages from before a reload.
  transcript.showPending(session.chat.pending);
  transcript.scrollToEnd();
}

/** Puts an unsent message back into the text box. */
function takeBack(text) {
  setDraft([text, textInput.value].filter(Boolean).join('\n'));
  setText('problem', '');
  textInput.focus();
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
  nameInput.value = cut(query.get('name') ?? storage?.getItem('chatkit.name') ?? '', nameInput.maxLength);
  const room = roomInHash() || query.get('room') || storage?.getItem('chatkit.room') || 'lobby';
  roomInput.value = cut(room, roomInput.maxLength);
  const firstEmpty = [nameInput, roomInput].find((input) => !input.value);
  (firstEmpty ?? byId('join').querySelector('button')).focus();
}

// Half a surrogate pair can't be encoded in a URL.
function cut(text, length) {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
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

byId('leave').addEventListener('click', () => {
  if (session.chat.pending.length === 0 || confirm('Some of your messages have not been sent. Leave anyway?')) leave();
});

byId('reconnect').addEventListener('click', () => {
  session.chat.reconnect();
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
