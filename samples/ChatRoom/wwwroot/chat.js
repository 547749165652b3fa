import { connect } from './_content/ChatKit.AspNetCore/chatkit.js';
import { byId, create, setText } from './dom.js';
import { RoomView } from './room.js';

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

// Storage throws if the user has blocked it.
function findStorage() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

const storage = findStorage();
const nameInput = byId('name');
const roomInput = byId('room');
const textInput = byId('text');
const sendButton = byId('send').querySelector('button');

let session; // { chat, name, views: by room, open: the view of the open room, editing: its message that is being edited }
let countdownTimer;

// Joining and leaving

/** Connects to the first of the rooms, so that the messages of all are found again after a reload. */
function start(name, rooms, room) {
  const chat = connect(`chat/${encodeURIComponent(rooms[0])}?name=${encodeURIComponent(name)}`);
  session = { chat, name, home: rooms[0], views: new Map() };
  chat.on('state', showState);
  chat.on('error', (error) => error.kind || error.room || showProblem(error));
  chat.on('ack', () => setText(byId('problem'), ''));
  for (const each of rooms) addView(each);
  byId('own-name').textContent = name;
  byId('welcome').hidden = true;
  byId('chat').hidden = false;
  open(room);
}

function addView(room) {
  const view = new RoomView(session.chat.join(room), {
    get user() {
      return session.chat.user;
    },
    isOpen: (other) => session?.open === other,
    changed: show,
    edit,
    write: () => textInput.focus(),
    refused,
    left: (other, reason) => {
      leave(other);
      setText(byId('problem'), `You are no longer in ${other.name}. ${reason ?? ''}`);
    },
    unseen: showUnseen,
    failed: (text) => setText(byId('problem'), text),
  });
  session.views.set(room, view);
  return view;
}

function open(room) {
  const previous = session.open;
  if (previous) {
    cancelEdit();
    previous.draft = textInput.value;
    previous.close();
  }

  const view = session.views.get(room) ?? addView(room);
  session.open = view;
  byId('room-title').textContent = room;
  view.open();
  setDraft(view.draft);
  byId('problem').textContent = '';
  remember();
  showRooms(false);
  show(view);
  announce();
  textInput.focus();
}

function leave(view) {
  const { name, home, views, open: opened } = session;
  view.leave();
  views.delete(view.name);
  if (view === opened) {
    cancelEdit();
    view.close();
    session.open = undefined;
  }

  const [first] = views.keys();
  const next = session.open?.name ?? first;
  if (!next || view.name === home) stop();
  if (next && !session) start(name, [...views.keys()], next);
  else if (!next) roomInput.select();
  else if (!session.open) open(next);
  else remember();
  showList();
}

/** Ends the connection. The first of the remaining rooms is the home room of the next one. */
function stop() {
  const { chat, open: view, views } = session;
  remember();
  session = undefined;
  view?.close();
  chat.close();
  for (const { transcript } of views.values()) transcript.close();
  countDown(0);
  setDraft('');
  byId('editing').hidden = true;
  byId('problem').textContent = '';
  byId('room-list').replaceChildren();
  byId('here').replaceChildren();
  byId('welcome').hidden = false;
  byId('chat').hidden = true;
  document.title = 'ChatKit';
}

function remember() {
  const rooms = [...session.views.keys()];
  storage?.setItem('chatkit.rooms', JSON.stringify(rooms));
  if (!session.open) return;
  storage?.setItem('chatkit.room', session.open.name);
  history.replaceState(null, '', `${location.pathname}#${encodeURIComponent(session.open.name)}`);
}

function rememberedRooms() {
  try {
    return JSON.parse(storage?.getItem('chatkit.rooms')).filter((room) => typeof room === 'string' && room);
  } catch {
    return [];
  }
}

// What the page shows

/** Shows what has changed in a room. */
function show(view) {
  if (!session) return;
  showList();
  if (view !== session.open) return;
  byId('here').hidden = view.here.length === 0;
  byId('here').replaceChildren(...view.here.toSorted().map((name) => create('li', {}, create('bdi', { textContent: name }))));
  const names = [...view.typing.keys()];
  setText(byId('typing'), names.length === 0 ? '' : names.length > 2 ? 'Several people are typing…'
    : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing…`);
}

function showList() {
  if (!session) return;
  const list = byId('room-list');
  for (const item of [...list.children]) if (!session.views.has(item.room)) item.remove();
  for (const [room, view] of session.views) {
    let item = [...list.children].find((other) => other.room === room);
    if (!item) {
      item = create('li', { room }, create('button', { type: 'button', className: 'quiet' },
        create('bdi', { className: 'name', textContent: room }), create('span', { className: 'badge' })));
      item.firstChild.addEventListener('click', () => open(room));
      list.append(item);
    }

    const isOpen = view === session.open;
    item.firstChild.ariaCurrent = isOpen ? 'true' : null;
    showBadge(item.querySelector('.badge'), isOpen && !document.hidden ? 0 : view.unread);
  }

  const counts = [...session.views.values()].map((view) => (view === session.open && !document.hidden ? 0 : view.unread));
  const unread = counts.reduce((sum, count) => sum + count, 0);
  showBadge(byId('unread-elsewhere'), unread);
  document.title = session.open ? `${unread ? `(${unread}) ` : ''}${session.open.name} · ChatKit` : 'ChatKit';
}

function showBadge(badge, count) {
  badge.hidden = count === 0;
  if (badge.dataset.count === String(count)) return;
  badge.dataset.count = count;
  badge.replaceChildren(String(count), create('span', { className: 'visually-hidden', textContent: ' unread' }));
}

function showUnseen(count) {
  const jump = byId('jump');
  jump.hidden = count === 0;
  setText(jump, `${count} new ${count === 1 ? 'message' : 'messages'}`);
}

/** On a narrow screen, the list of rooms covers the conversation. */
function showRooms(isShown) {
  byId('chat').classList.toggle('shows-rooms', isShown);
  byId('show-rooms').ariaExpanded = String(isShown);
  if (isShown) byId('room-list').querySelector('[aria-current]')?.focus();
}

function showState({ state, reason, code, retryAt = 0 }) {
  if (!session) return;
  const troubled = state !== 'live' && state !== 'connecting';
  byId('state').dataset.state = state;
  setText(byId('state-text'), STATE_LABELS[state]);
  countDown(retryAt);
  byId('trouble').hidden = !troubled;
  if (troubled) setText(byId('reason'), STATE_REASONS[state] ?? (reason || CLOSINGS[code] || CLOSINGS[1006]));
  sendButton.disabled = state === 'closed';
  setText(byId('hint'), troubled && state !== 'closed' ? 'You can keep writing. Your messages are sent when the connection is back.' : '');
  announce();
}

// Screen readers don't announce older messages.
function announce() {
  const view = session.open;
  view?.transcript.announce(false);
  if (session.chat.state !== 'live') return;
  setTimeout(() => view && session?.open === view && view.transcript.announce(session.chat.state === 'live'), 100);
}

function showProblem({ code, text }) {
  setText(byId('problem'), code === 'unavailable'
    ? 'The server cannot store messages at present. Your messages are kept, and sent when it can.' : text);
}

/** A message, a change of one, or the room itself was refused. */
function refused(view, error) {
  const { ref, kind, code, text, data } = error;
  view.showPending();
  if (!kind) {
    showProblem(error);
    return;
  }

  if (kind !== 'message') {
    setText(byId('problem'), `The message was not changed. ${text}`);
    return;
  }

  setText(byId('problem'), 'A message was not sent, or may not have been sent.');
  view.transcript.showRefused(ref, data, FATES[code] ?? `Not sent: ${text}`, takeBack);
}

function countDown(until) {
  clearTimeout(countdownTimer);
  const seconds = Math.ceil((until - Date.now()) / 1000);
  setText(byId('countdown'), seconds > 0 ? ` in ${seconds} s` : '');
  if (seconds > 0) countdownTimer = setTimeout(countDown, 250, until);
}

// Writing

function send() {
  const text = textInput.value.trim();
  if (!text || sendButton.disabled) return;
  const { editing, open: view } = session;
  if (editing) {
    if (text !== editing.data) view.edit(editing, text);
    cancelEdit();
    return;
  }

  clearDraft();
  view.send(text);
}

function edit(view, item) {
  if (view !== session.open) return;
  cancelEdit();
  view.draft = textInput.value;
  session.editing = item;
  item.classList.add('editing');
  byId('editing').hidden = false;
  setDraft(item.data);
  textInput.focus();
  textInput.setSelectionRange(item.data.length, item.data.length);
}

function cancelEdit() {
  const { editing, open: view } = session;
  if (!editing) return;
  session.editing = undefined;
  editing.classList.remove('editing');
  byId('editing').hidden = true;
  setDraft(view.draft);
}

/** Puts an unsent message back into the text box. */
function takeBack(text) {
  cancelEdit();
  setDraft([text, textInput.value].filter(Boolean).join('\n'));
  setText(byId('problem'), '');
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

for (const form of [byId('join'), byId('add')]) form.addEventListener('change', ({ target }) => { target.value = target.value.trim(); });

byId('join').addEventListener('submit', (event) => {
  event.preventDefault();
  const room = roomInput.value;
  storage?.setItem('chatkit.name', nameInput.value);
  start(nameInput.value, [...new Set([...rememberedRooms(), room])], room);
});

byId('add').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId('new-room');
  open(input.value);
  input.value = '';
});

byId('send').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});

textInput.addEventListener('input', () => {
  growTextInput();
  if (!textInput.value) byId('problem').textContent = '';
  else if (!session.editing) session.open.type();
});

textInput.addEventListener('keydown', (event) => {
  if (event.isComposing) return;
  const last = event.key === 'ArrowUp' && !textInput.value && session.open.lastOwn;
  if (event.key === 'Enter' && !event.shiftKey) byId('send').requestSubmit();
  else if (event.key === 'Escape' && session.editing) cancelEdit();
  else if (last) edit(session.open, last);
  else return;
  event.preventDefault();
});

byId('cancel').addEventListener('click', () => {
  cancelEdit();
  textInput.focus();
});

byId('jump').addEventListener('click', () => {
  session.open.transcript.scrollToEnd();
  session.open.resume();
  session.open.transcript.focus();
});

byId('show-rooms').addEventListener('click', () => showRooms(!byId('chat').classList.contains('shows-rooms')));

byId('rooms').addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || !byId('chat').classList.contains('shows-rooms')) return;
  showRooms(false);
  byId('show-rooms').focus();
});

byId('conversation').addEventListener('click', ({ target }) => {
  if (!byId('show-rooms').contains(target)) showRooms(false);
});

byId('leave').addEventListener('click', () => {
  if (session.open.pending.length === 0 || confirm('Some of your messages have not been sent. Leave anyway?')) leave(session.open);
});

byId('reconnect').addEventListener('click', () => {
  session.chat.reconnect();
  textInput.focus();
});

document.addEventListener('visibilitychange', () => {
  if (!session) return;
  if (!document.hidden) session.open.resume();
  showList();
});

addEventListener('hashchange', () => {
  const room = cut(roomInHash(), roomInput.maxLength);
  if (session && room && room !== session.open.name) open(room);
  else if (!session) preset();
});

preset();
