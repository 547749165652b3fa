import { connect } from './_content/ChatKit.AspNetCore/chatkit.js';
import { RoomView, byId, showAvatar } from './room.js';

const STATES = { connecting: 'Connecting…', reconnecting: 'Reconnecting…', offline: 'You are offline', closed: 'Disconnected' };

let chat;
let me;
let open; // the view of the room that is shown
let editing; // the message that is being edited
const views = new Map();

// Signing in. The cookie is sent with every request, and with the handshake of the WebSocket.

async function start() {
  const response = await fetch('api/me');
  byId('welcome').hidden = response.ok;
  byId('chat').hidden = !response.ok;
  if (!response.ok) return;

  me = await response.json();
  byId('own-name').textContent = me.name;
  showAvatar(byId('own-avatar'), me.name);
  chat = connect('chat');
  chat.on('state', showState);
  for (const name of me.rooms) {
    const view = new RoomView(chat.join(name), me.name, { changed: showRooms, edit, problem: showProblem });
    view.item.addEventListener('click', () => show(view));
    views.set(name, view);
    byId('rooms').append(view.item);
  }

  show(views.get(me.rooms.find((name) => location.hash === `#${encodeURIComponent(name)}`) ?? me.rooms[0]));
  showNodes();
}

byId('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const credentials = JSON.stringify({ name: byId('name').value, password: byId('password').value });
  const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: credentials };
  const { ok, status } = await fetch('api/sign-in', request).catch(() => ({ ok: false })); // offline, or the server is down
  byId('sign-in-problem').textContent = ok ? '' : status === 401 ? 'The name or the password is wrong.' : 'The server can’t be reached. Try again.';
  if (ok) start();
});

byId('sign-out').addEventListener('click', async () => {
  chat.close();
  await fetch('api/sign-out', { method: 'POST' });
  location.reload();
});

// Rooms

function show(view) {
  stopEditing();
  open?.hide();
  open = view;
  history.replaceState(null, '', `#${encodeURIComponent(view.name)}`);
  byId('title').textContent = `# ${view.name}`;
  byId('problem').textContent = '';
  byId('chat').classList.remove('shows-rooms');
  byId('show-rooms').ariaExpanded = 'false';
  view.show(byId('view'));
  byId('text').focus();
}

function showRooms() {
  let elsewhere = 0;
  for (const view of views.values()) {
    view.item.firstChild.ariaCurrent = view === open ? 'true' : null;
    if (view !== open) elsewhere += view.unread;
  }

  byId('unread-elsewhere').textContent = elsewhere;
  byId('unread-elsewhere').hidden = !elsewhere;
  document.title = `${elsewhere ? `(${elsewhere}) ` : ''}Team chat`;
  if (!open) return;
  byId('here').replaceChildren(...open.here.map((name) => {
    const item = document.createElement('li');
    showAvatar(item, name);
    const { node, since } = open.members[name] ?? {};
    item.title = node ? `${name}, on node ${node} since ${new Date(since).toLocaleTimeString()}` : name;
    item.ariaLabel = item.title;
    return item;
  }));
  const typing = [...open.typing.keys()];
  byId('typing').textContent = typing.length ? `${typing.join(', ')} ${typing.length > 1 ? 'are' : 'is'} typing…` : '';
  showState(chat);
}

byId('show-rooms').addEventListener('click', () => {
  byId('show-rooms').ariaExpanded = String(byId('chat').classList.toggle('shows-rooms'));
});

function showState({ state }) {
  byId('state').dataset.state = state;
  byId('state').textContent = STATES[state] ?? `Connected to node ${open?.members[me.name]?.node ?? '…'}`;
  if (state === 'closed') fetch('api/me').then(({ status }) => status === 401 && location.reload()); // The cookie has expired.
}

// Writing

byId('send').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = byId('text').value.trim();
  if (!text) return;
  byId('problem').textContent = '';
  if (editing) open.edit(editing, text);
  else open.send(text);
  stopEditing();
});
byId('text').addEventListener('input', () => editing || open.type());
byId('text').addEventListener('keydown', ({ key }) => key === 'Escape' && stopEditing());
byId('cancel').addEventListener('click', stopEditing);

function edit(position, text) {
  editing = position;
  byId('editing').hidden = false;
  byId('text').value = text;
  byId('text').focus();
}

function stopEditing() {
  editing = undefined;
  byId('editing').hidden = true;
  byId('text').value = '';
}

function showProblem({ code, text, kind, data }) {
  byId('problem').textContent = code === 'unavailable' ? 'The server can’t store messages now. Yours are kept, and sent later.' : text;
  if (kind === 'message' && !byId('text').value) byId('text').value = data;
}

// Nodes, in development only: stop one, and see that nothing is lost.

async function showNodes() {
  const response = await fetch('dev/nodes');
  byId('nodes').hidden = !response.ok;
  if (!response.ok) return;
  const nodes = await response.json();
  byId('nodes').querySelector('ul').replaceChildren(...nodes.map(({ name, isRunning }) => {
    const item = document.createElement('li');
    item.append(`Node ${name}`, ...(isRunning ? ['stop', 'kill'] : ['start']).map((action) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet', textContent: action });
      button.ariaLabel = `${action} node ${name}`;
      button.addEventListener('click', async () => {
        item.querySelectorAll('button').forEach((other) => (other.disabled = true));
        await fetch(`dev/nodes/${name}/${action}`, { method: 'POST' });
        await showNodes();
      });
      return button;
    }));
    return item;
  }));
}

start();
