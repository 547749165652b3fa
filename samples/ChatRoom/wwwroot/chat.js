import { connect } from './_content/ChatKit.AspNetCore/chatkit.js';
import { byId, create, createMessage, createNotice, Transcript } from './transcript.js';

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
