// The operators' page. What users have chosen (names, messages) is hostile: it becomes text, never markup.

const interval = 2000; // Milliseconds between two requests. The nodes report only while a page asks.
const chartLength = 60;
const find = (id) => document.getElementById(id);

const state = { overview: null, view: 'rooms', room: null, before: null, paused: false, history: { received: [], delivered: [] } };

// --- Formats ---

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const number = (value) => whole.format(value);
const rate = (value) => value == null ? '–' : `${(value < 10 ? oneDigit : whole).format(value)}/s`;
const milliseconds = (value) => value == null ? '–' : `${(value < 10 ? oneDigit : whole).format(value)} ms`;

function bytes(value) {
  for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]]) {
    if (value >= size)
      return `${oneDigit.format(value / size)} ${unit}`;
  }
  return `${number(value)} B`;
}

function since(time) {
  const seconds = Math.max(0, Math.round((Date.parse(state.overview?.at ?? time) - Date.parse(time)) / 1000));
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60]]) {
    if (seconds >= size)
      return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${seconds} s`;
}

function moment(time) {
  const at = new Date(time);
  return at.toDateString() === new Date().toDateString() ? at.toLocaleTimeString() : at.toLocaleString();
}

const sequence = (position) => position == null ? '–' : number(Number(position.slice(position.lastIndexOf(':') + 1)));

// --- Elements ---

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A name that a user has chosen. Isolated, so that its direction doesn't change what is around it. */
const named = (name) => element('bdi', { textContent: name });

const userName = (user) => user == null ? element('span', { className: 'none', textContent: 'anonymous' }) : named(user);

function setText(target, text) {
  if (target.textContent !== text)
    target.textContent = text;
}

function button(text, label, onclick, className = '') {
  const made = element('button', { type: 'button', className, onclick }, text);
  made.setAttribute('aria-label', label);
  return made;
}

/**
 * Shows rows in a table. Rows are kept by their keys, so that the focus stays where it is. While someone points at the table or has the focus in
 * it, rows don't change their places.
 * columns: { title, text(row) } or { title, nodes(row), version(row) }, whose nodes are made again when the version changes.
 */
function showTable(table, columns, rows, keyOf, empty) {
  if (!table.tHead) {
    const head = table.createTHead().insertRow();
    for (const { title, kind = '' } of columns)
      head.append(element('th', { scope: 'col', textContent: title, className: kind }));
    table.append(element('tbody'));
  }

  const body = table.tBodies[0];
  const old = new Map([...body.rows].filter((row) => row.dataset.key !== undefined).map((row) => [row.dataset.key, row]));
  const kept = new Map();
  for (const item of rows) {
    const key = keyOf(item);
    const row = old.get(key) ?? newRow(columns, key);
    old.delete(key);
    kept.set(key, row);
    columns.forEach((column, i) => fill(row.cells[i], column, item));
  }

  for (const row of old.values())
    row.remove();
  body.querySelector('td.empty')?.parentElement.remove();
  if (rows.length === 0)
    body.append(element('tr', {}, element('td', { className: 'empty', colSpan: columns.length, textContent: empty })));

  const isUsed = table.matches(':hover') || table.contains(document.activeElement);
  let place = body.firstElementChild;
  for (const row of kept.values()) {
    if (row.isConnected && isUsed)
      continue;
    if (row === place)
      place = place.nextElementSibling;
    else
      body.insertBefore(row, isUsed ? null : place);
  }
}

function newRow(columns, key) {
  const row = element('tr');
  row.dataset.key = key;
  for (const { title, kind = '' } of columns) {
    const cell = element('td', { className: kind });
    cell.dataset.label = title;
    row.append(cell);
  }
  return row;
}

function fill(cell, column, item) {
  if (column.text) {
    setText(cell, column.text(item));
  } else {
    const version = column.version?.(item) ?? '';
    if (cell.dataset.version !== version) {
      cell.dataset.version = version;
      cell.replaceChildren(...column.nodes(item));
    }
  }
  if (column.mark)
    cell.classList.toggle('bad', column.mark(item));
}

// --- Tables ---

const openRoom = (name) => button(named(name), `Room ${name}`, () => { location.hash = `#room/${encodeURIComponent(name)}`; }, 'name');

const roomColumns = [
  { title: 'Room', kind: 'wide', nodes: (room) => [openRoom(room.name)] },
  { title: 'Activity', kind: 'number', text: (room) => rate(room.perSecond) },
  { title: 'Connections', kind: 'number', text: (room) => number(room.members) },
  { title: 'Present', kind: 'number', text: (room) => room.present == null ? '–' : number(room.present) },
  { title: 'Catching up', kind: 'number', text: (room) => number(room.behind), mark: (room) => room.behind > 0 },
  { title: 'Last message', kind: 'number', text: (room) => sequence(room.position) },
  { title: 'Nodes', kind: 'number', text: (room) => number(room.nodes) },
];

const connectionActions = {
  title: '',
  kind: 'actions',
  version: (connection) => connection.user ?? '',
  nodes: (connection) => [
    button('Close', `Close connection ${connection.id}`, () => closeConnection(connection)),
    ...connection.user == null
      ? []
      : [button('Disconnect user', `Disconnect user ${connection.user}`, () => disconnectUser(connection.user), 'danger')],
  ],
};

const small = (className, text) => element('small', { className, textContent: text });

const connectionParts = {
  user: { title: 'User', kind: 'wide', nodes: (connection) => [userName(connection.user), small('fixed', connection.id)] },
  node: { title: 'Node', kind: 'wide', nodes: (connection) => [named(connection.node), small('', connection.transport)] },
  since: { title: 'Since', kind: 'number', text: (connection) => since(connection.openedAt) },
  queued: {
    title: 'Queued',
    kind: 'number',
    text: (connection) => bytes(connection.queued),
    mark: (connection) => connection.queued >= connection.queueLimit / 2,
  },
  rooms: {
    title: 'Rooms',
    kind: 'wide',
    version: (connection) => JSON.stringify([connection.rooms, connection.roomCount]),
    nodes: (connection) => [
      ...connection.rooms.flatMap((room, i) => i === 0 ? [openRoom(room)] : [', ', openRoom(room)]),
      ...connection.roomCount > connection.rooms.length ? [` and ${number(connection.roomCount - connection.rooms.length)} more`] : [],
    ],
  },
};

const connectionColumns = [
  connectionParts.user, connectionParts.node, connectionParts.rooms, connectionParts.since, connectionParts.queued, connectionActions,
];

const memberColumns = [connectionParts.user, connectionParts.node, connectionParts.since, connectionParts.queued, connectionActions];

const nodeColumns = [
  {
    title: 'Node',
    kind: 'wide',
    version: (node) => since(node.startedAt),
    nodes: (node) => [named(node.name), small('', `up ${since(node.startedAt)}`)],
  },
  { title: 'Health', text: (node) => node.health.status, mark: (node) => node.health.status !== 'Healthy' },
  { title: 'Redis', kind: 'number', text: (node) => milliseconds(node.health.redisPing) },
  { title: 'Connections', kind: 'number', text: (node) => number(node.counts.connections) },
  { title: 'Users', kind: 'number', text: (node) => number(node.counts.users) },
  { title: 'Rooms', kind: 'number', text: (node) => number(node.counts.rooms) },
  { title: 'Received', kind: 'number', text: (node) => rate(node.rates?.received) },
  { title: 'Delivered', kind: 'number', text: (node) => rate(node.rates?.delivered) },
  { title: 'Queued', kind: 'number', text: (node) => bytes(node.counts.bytesQueued) },
  { title: 'Fell behind', kind: 'number', text: (node) => number(node.troubles.fellBehind) },
  { title: 'Closed', kind: 'number', text: (node) => number(node.troubles.closedAsSlow), mark: (node) => node.troubles.closedAsSlow > 0 },
  { title: 'Gaps', kind: 'number', text: (node) => number(node.troubles.gaps), mark: (node) => node.troubles.gaps > 0 },
  { title: 'Memory', kind: 'number', text: (node) => bytes(node.counts.memory) },
];

// --- The overview ---

const sum = (items, value) => items.reduce((total, item) => total + value(item), 0);

function showOverview(overview) {
  const { nodes } = overview;
  const silent = overview.unanswered ?? 0;
  setTile('nodes', number(nodes.length + silent), silent > 0 ? `${silent} silent` : '', silent > 0);
  setTile('connections', number(sum(nodes, (node) => node.counts.connections)));
  setTile('rooms', `${number(overview.roomCount)}${overview.hasMoreRooms && nodes.length > 1 ? '+' : ''}`);
  const slow = sum(nodes, (node) => node.counts.slowReaders);
  const closed = sum(nodes, (node) => node.troubles.closedAsSlow);
  setTile('slow', number(slow), closed > 0 ? `${number(closed)} closed` : '', slow > 0);
  const gaps = sum(nodes, (node) => node.troubles.gaps);
  setTile('gaps', number(gaps), '', gaps > 0);
  const pings = nodes.map((node) => node.health.redisPing).filter((ping) => ping != null);
  const isIll = nodes.some((node) => node.health.status !== 'Healthy' && node.health.redisPing == null);
  setTile('redis', isIll ? 'Problem' : pings.length > 0 ? milliseconds(Math.max(...pings)) : 'Not used', '', isIll);
  for (const name of ['received', 'delivered']) {
    const known = nodes.filter((node) => node.rates);
    const value = known.length > 0 ? sum(known, (node) => node.rates[name]) : null;
    setTile(name, rate(value));
    chart(find(`chart-${name}`), state.history[name], value);
  }

  const problems = nodes.filter((node) => node.health.problem).map((node) => `${node.name}: ${node.health.problem}`);
  if (overview.isAlone)
    problems.unshift('The other nodes can\'t be asked. The page shows only the node that has answered.');
  else if (silent > 0)
    problems.unshift(`${silent} of ${nodes.length + silent} nodes have not answered in time.`);
  const list = find('problems');
  if (list.dataset.version !== problems.join('\n')) {
    list.dataset.version = problems.join('\n');
    list.replaceChildren(...problems.map((textContent) => element('li', { textContent })));
    list.hidden = problems.length === 0;
  }

  const filtered = find('find').value !== '';
  setText(find('rooms-note'), overview.hasMoreRooms
    ? 'The most active rooms of each node. A room\'s numbers are those of the nodes that list it; open or find it for those of all nodes.'
    : '');
  const matching = sum(nodes, (node) => node.counts.matchingConnections);
  setText(find('connections-note'), matching > overview.connections.length
    ? `${number(overview.connections.length)} of ${number(matching)}: those with the longest queues, and then the newest.`
    : '');
  showTable(
    find('rooms-table'), roomColumns, overview.rooms, (room) => room.name,
    filtered ? 'No room has this in its name.' : 'No rooms are in use.');
  showTable(
    find('connections-table'), connectionColumns, overview.connections, (connection) => connection.id,
    filtered ? 'No connection has this user, id or home room.' : 'Nobody is connected.');
  showTable(find('nodes-table'), nodeColumns, nodes, (node) => node.id, 'No node has answered.');
}

function setTile(name, text, addition = '', isBad = false) {
  const tile = find(`tile-${name}`);
  if (tile.dataset.version === text + addition + isBad)
    return;
  tile.dataset.version = text + addition + isBad;
  tile.replaceChildren(text, ...addition ? [' ', element('small', { textContent: addition })] : []);
  tile.classList.toggle('bad', isBad);
}

function chart(place, values, value) {
  if (value == null)
    return;
  values.push(value);
  if (values.length > chartLength)
    values.shift();
  const top = Math.max(...values, 1);
  if (!place.firstChild) {
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', `0 0 ${chartLength - 1} 20`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.append(document.createElementNS(space, 'polyline'));
    place.append(svg);
  }
  const from = chartLength - values.length;
  const points = values.map((one, i) => `${from + i},${(19 - (one / top) * 18).toFixed(1)}`);
  place.firstChild.firstChild.setAttribute('points', points.join(' '));
}

// --- A room ---

function showRoom(view) {
  const { room } = view;
  setText(find('room-note'), room
    ? [
      `Connections: ${number(room.members)}`,
      `nodes: ${number(room.nodes)}`,
      `present: ${room.present == null ? 'unknown' : number(room.present)}`,
      `catching up: ${number(room.behind)}`,
      `last message: ${sequence(room.position)}`,
    ].join(' · ')
    : 'Nobody is in the room.');
  setText(find('room-connections-note'), room && room.members > view.connections.length
    ? `${number(view.connections.length)} of ${number(room.members)}.` : '');
  showTable(find('room-table'), memberColumns, view.connections, (connection) => connection.id, 'No connections.');
  const present = find('present');
  const version = JSON.stringify(view.present);
  if (present.dataset.version !== version) {
    present.dataset.version = version;
    present.replaceChildren(...view.present.map(({ id, data }) =>
      element('li', {}, named(id), ...data ? [' ', element('small', { textContent: data })] : [])));
  }
  find('present-title').hidden = view.present.length === 0;
  showMessages(view);
}

function showMessages(view) {
  const list = find('messages');
  const old = new Map([...list.children].map((item) => [item.dataset.key, item]));
  const items = [...view.messages].reverse().map((message) => {
    const version = JSON.stringify([message.text, message.isDeleted, message.changedAt]);
    const known = old.get(message.position);
    if (known?.dataset.version === version)
      return known;
    const made = messageItem(message);
    made.dataset.key = message.position;
    made.dataset.version = version;
    return made;
  });
  if (items.length !== list.children.length || items.some((item, i) => item !== list.children[i]))
    list.replaceChildren(...items);
  const older = find('older');
  older.hidden = !view.hasOlder;
  older.onclick = () => showBefore(view.messages[0]?.position);
  find('latest').hidden = state.before == null;
  showRoomProblem(view.problem);
}

function messageItem(message) {
  const from = message.from == null ? element('span', { className: 'none', textContent: 'no user' }) : named(message.from);
  const head = element('div', { className: 'head' }, from, ` · ${moment(message.at)} · ${sequence(message.position)}`);
  if (message.changedAt) {
    head.append(message.isDeleted ? ' · deleted' : ' · edited');
    if (message.changedBy != null)
      head.append(' by ', named(message.changedBy));
  }
  const text = message.isDeleted
    ? element('div', { className: 'text none', textContent: 'deleted' })
    : message.text == null
      ? element('div', { className: 'text none', textContent: `binary, ${bytes(message.bytes)}` })
      : element('div', { className: 'text', textContent: message.text, dir: 'auto' });
  const item = element('li', {}, head, text);
  if (!message.isDeleted)
    item.append(button('Delete', `Delete message ${sequence(message.position)}`, () => deleteMessage(message), 'danger'));
  return item;
}

function showRoomProblem(problem = '') {
  setText(find('room-problem'), problem);
  find('room-problem').hidden = problem === '';
}

function showBefore(position) {
  state.before = position ?? null;
  refresh();
}

// --- Commands ---

function confirm({ title, target, text, action, withReason }) {
  const dialog = find('confirm');
  find('confirm-title').textContent = title;
  find('confirm-target').replaceChildren(named(target));
  find('confirm-text').textContent = text;
  find('confirm-yes').textContent = action;
  find('confirm-reason-label').hidden = !withReason;
  find('confirm-reason').value = '';
  return new Promise((resolve) => {
    find('confirm-yes').onclick = () => dialog.close('yes');
    find('confirm-no').onclick = () => dialog.close('no');
    dialog.onclose = () => resolve(dialog.returnValue === 'yes' ? { reason: find('confirm-reason').value || null } : null);
    dialog.returnValue = '';
    dialog.showModal();
    find('confirm-no').focus();
  });
}

async function closeConnection(connection) {
  const answer = await confirm({
    title: 'Close this connection?',
    target: `${connection.user ?? 'anonymous'} (${connection.id})`,
    text: 'The client can connect again, and most clients do within a minute.',
    action: 'Close connection',
    withReason: true,
  });
  if (answer)
    await command('close', { connection: connection.id, reason: answer.reason }, 'The connection is closed.');
}

async function disconnectUser(user) {
  const answer = await confirm({
    title: 'Disconnect this user?',
    target: user,
    text: 'All connections of the user are closed, on all nodes. Clients can connect again unless your application refuses them.',
    action: 'Disconnect user',
    withReason: true,
  });
  if (answer)
    await command('disconnect', { user, reason: answer.reason }, 'The user is disconnected.');
}

async function deleteMessage(message) {
  const { room } = state; // The address can change while the dialog is open.
  const answer = await confirm({
    title: 'Delete this message?',
    target: message.text ?? `binary, ${bytes(message.bytes)}`,
    text: 'It is removed from the store, and everyone in the room is notified. This can\'t be undone.',
    action: 'Delete message',
    withReason: false,
  });
  if (answer)
    await command('delete', { room, position: message.position }, 'The message is deleted.');
}

async function command(name, body, success) {
  try {
    const response = await fetch(name, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'ChatKit-Monitor': '1' },
      body: JSON.stringify(body),
    });
    const outcome = response.headers.get('Content-Type')?.startsWith('application/json') ? await response.json() : null;
    toast(outcome?.done ? success : outcome?.problem ?? failure(response.status));
  } catch {
    toast('The server can\'t be reached. Nothing may have happened.');
  }

  // The clients need a moment to answer.
  clearTimeout(timer);
  timer = setTimeout(refresh, interval / 8);
}

let toastTimer = 0;

function toast(text) {
  const place = find('toast');
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, 6000);
}

// --- Updates ---

const failure = (status) => status === 401 ? 'You are signed out. Reload the page.'
  : status === 403 ? 'You are not allowed to see this.'
  : `The server has answered with ${status}.`;

let timer = 0;
let turn = 0;

/** Asks for what is shown, and again after a while, unless the page is paused or hidden. */
async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  try {
    const asked = { text: find('find').value.trim(), room: state.room, before: state.before };
    const [overview, view] = await Promise.all([
      get(`overview?text=${encodeURIComponent(asked.text)}`),
      asked.room == null
        ? null
        : get(`room?name=${encodeURIComponent(asked.room)}${asked.before ? `&before=${encodeURIComponent(asked.before)}` : ''}`),
    ]);
    if (mine !== turn)
      return;
    state.overview = overview;
    showOverview(overview);
    if (view && asked.room === state.room)
      showRoom(view);
    setState(state.paused ? 'paused' : 'live', state.paused ? 'Paused' : `Live, ${new Date(overview.at).toLocaleTimeString()}`);
  } catch (error) {
    if (mine !== turn)
      return;
    setState('failed', error instanceof TypeError ? 'The server can\'t be reached. Trying again…' : error.message);
  }
  if (!state.paused && !document.hidden)
    timer = setTimeout(refresh, interval);
}

async function get(address) {
  const response = await fetch(address, { headers: { 'ChatKit-Monitor': 'true' } });
  if (!response.ok)
    throw new Error(failure(response.status));
  return response.json();
}

function setState(name, text) {
  const place = find('state');
  place.dataset.state = name;
  setText(place, text);
}

function route() {
  const [, view = 'rooms', room] = /^#(\w+)(?:\/(.+))?$/.exec(location.hash) ?? [];
  const before = state.view;
  state.room = null;
  state.before = null;
  state.view = ['rooms', 'connections', 'nodes'].includes(view) ? view : 'rooms';
  if (view === 'room' && room) {
    try {
      state.room = decodeURIComponent(room);
      state.view = 'room';
    } catch {
      // Not an address of this page.
    }
  }
  for (const name of ['rooms', 'connections', 'nodes', 'room'])
    find(`view-${name}`).hidden = name !== state.view;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${state.view === 'room' ? 'rooms' : state.view}`)
      link.setAttribute('aria-current', 'page');
    else
      link.removeAttribute('aria-current');
  }
  if (state.view === 'room') {
    find('room-name').replaceChildren(named(state.room));
    for (const id of ['messages', 'present']) {
      find(id).replaceChildren();
      delete find(id).dataset.version;
    }
    find('room-note').textContent = '';
    showRoomProblem();
    find('room-table').tBodies[0]?.replaceChildren();
    find('room-name').focus();
  } else if (before === 'room') {
    document.querySelector('nav a[aria-current]')?.focus();
  }
  refresh();
}

find('pause').onclick = () => {
  state.paused = !state.paused;
  find('pause').setAttribute('aria-pressed', String(state.paused));
  find('pause').textContent = state.paused ? 'Resume' : 'Pause';
  refresh();
};
find('latest').onclick = () => showBefore(null);

let typing = 0;
find('find').oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(refresh, 300);
};

document.addEventListener('visibilitychange', () => document.hidden ? clearTimeout(timer) : state.paused || refresh());
addEventListener('hashchange', route);
route();
