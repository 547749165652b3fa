import { isAfter, parse } from '../positions.js';

// How long a new connection that has caught up waits until the current one has answered everything.
const GRACE = 2_000;

/**
 * Opens a second connection, which takes over when it has caught up with all rooms. Until then, the page gets everything from the current one, and
 * what the second one delivers is kept. If it fails, the current one goes on.
 */
export function handOver(connection, times, transport, failed) {
  const current = connection.attempt.signal;
  const attempt = new AbortController();
  const { signal } = attempt;
  const joins = new Map(); // by room: { state, ref, answer, isTaken }
  const live = new Set();
  const lists = new Map(); // of who is in a room
  const heard = new Map(); // what the current connection has received without a position, and how often
  const passed = new Set(); // the epochs in which the current connection has been, with their rooms
  const kept = []; // what the new one has received
  const session = crypto.getRandomValues(new Uint32Array(4)).join('.'); // a random prefix of refs
  let client;
  let hear;
  let send;
  let unnamed; // rooms whose positions didn't fit into the URL
  let welcome;
  let step; // undefined, 'switching', or 'over'
  let silence;
  let grace;

  connection.spare?.abort();
  connection.spare = attempt;
  connection.heard = overhear; // which gets each frame after the client
  signal.addEventListener('abort', stop);
  current.addEventListener('abort', () => queueMicrotask(end), { signal });
  watch();
  connection.dial(attempt, transport, fail, open);

  function open(options, inner) {
    ({ client, hear } = options);
    client.rooms.forEach(note);
    const { searchParams } = options.url;
    const named = new Set(searchParams.getAll('after').map((after) => after.slice(0, after.lastIndexOf('~'))));
    const isUnnamed = ({ name, position, isOwn }) => position && !isOwn && !named.has(name);
    unnamed = searchParams.has('resume') ? [...client.rooms.values()].filter(isUnnamed) : [];
    send = inner.open({ ...options, hear: take });
    return relay;
  }

  function stop() {
    clearTimeout(silence);
    clearTimeout(grace);
    if (connection.heard === overhear) connection.heard = undefined;
  }

  function fail(event) {
    if (signal.aborted) return;
    attempt.abort();
    if (!current.aborted) failed(event);
  }

  /** The current connection has ended. If the client doesn't want to be without one, this one is the best there is. */
  function end() {
    if (step) return;
    if (['closed', 'offline'].includes(connection.state)) attempt.abort();
    else if (welcome) takeOver();
  }

  function watch() {
    clearTimeout(silence);
    const time = welcome ? welcome.ping * 2_000 : times.fallback;
    if (time) silence = setTimeout(() => fail({}), time);
  }

  /** A frame of the new connection. */
  function take(text) {
    if (step) {
      hear(text);
      return;
    }

    const frame = read(text);
    const { type, room, ref, code } = frame;
    if (type === 'welcome') welcome = frame;
    watch();
    const join = find(ref);
    if (type === 'ping') {
      tell({ type: 'pong' });
    } else if (type === 'error' && code === 'rate_limited') {
      client.burst = Math.max(1, joins.size >> 1); // The connection ends.
    } else if (type === 'left' || (join && code === 'unavailable')) {
      fail({});
    } else if (type === 'presence' && !isWhole(frame)) {
      merge(frame);
    } else if (type) {
      kept.push(frame);
      if (type === 'welcome') greet();
      else if (type === 'live') live.add(room);
      else if (type === 'presence') lists.set(room, frame);
      else if (join) join.answer = type;
      if (type !== 'message') check();
    }
  }

  function greet() {
    for (const { name, resume } of unnamed) tell({ type: 'resume', after: { [name]: resume } });
    if (unnamed.length) tell({ type: 'resume', last: true });
    if (current.aborted) takeOver();
  }

  /** A frame of the current connection, which the page has got. */
  function overhear(text) {
    const frame = read(text);
    const { type, room, code } = frame;
    const state = client?.rooms.get(room);
    if (state) note(state);
    if (type === 'left') {
      fail({}); // The new connection may be in that room.
      return;
    }

    // Another one has been faster, or the client has to pause.
    if (type === 'welcome' || code === 'rate_limited') attempt.abort();

    if (isFleeting(frame)) {
      const key = JSON.stringify(frame);
      heard.set(key, (heard.get(key) ?? 0) + 1);
    }

    check();
  }

  function check() {
    if (!welcome || step || signal.aborted) return;
    const rooms = [...client.rooms.values()];
    for (const state of rooms) {
      const { name, room, resume } = state;
      if (!room || name === welcome.room || joins.has(name) || joins.size >= client.burst) continue;
      const ref = `${session}-n${joins.size}`;
      joins.set(name, { state, ref });
      tell({ type: 'join', ref, room: name, after: resume });
    }

    const all = [...joins];
    if (all.some(([name, { state }]) => client.rooms.get(name) !== state)) {
      fail({}); // The page has left a room.
      return;
    }

    if (!live.has(welcome.room) || !all.every(([name, { answer }]) => answer === 'error' || (answer && live.has(name)))) return;
    grace ??= setTimeout(takeOver, times.grace ?? GRACE);
    // The server may also let the client into rooms by itself.
    const isInAll = rooms.every(({ name, room, isLive }) => room || !isLive || live.has(name));
    if (isInAll && !client.requests.size && !client.pending().length) takeOver();
  }

  function takeOver() {
    if (step || signal.aborted) return;
    stop();
    connection.spare = undefined;
    step = 'switching';
    for (const frame of kept) {
      if (isNew(frame)) hear(JSON.stringify(frame));
      step = 'over'; // The client has sent what it sends after `welcome`.
      if (signal.aborted) return;
    }
  }

  /** A frame of the client on the new connection, on which it has joined rooms already. */
  function relay(text) {
    if (step === 'switching') {
      const { type, room, ref } = read(text);
      if (type === 'resume') return;
      const join = type === 'join' && joins.get(room);
      if (join) {
        join.isTaken = true;
        client.requests.set(join.ref, client.requests.get(ref));
        client.requests.delete(ref);
        return;
      }
    }

    send(text);
  }

  /** Whether the page doesn't have it from the former connection. The client itself recognizes positions. */
  function isNew(frame) {
    const { type, room, ref, position, revision, reset, next = position } = frame;
    const state = client.rooms.get(room);
    const [epoch] = parse(next);
    const isElsewhere = epoch !== parse(state?.position)[0];
    // The former connection has been in this epoch, and has followed the room into the next one.
    const isPast = next && isElsewhere && passed.has(keyOf(room, epoch));
    if (type === 'message' || type === 'skip') {
      if (isPast) return false;
    } else if (type === 'change') {
      return !isPast || state?.forks.some(([each]) => each === epoch);
    } else if (type === 'gap') {
      // The client notices other gaps, unless it has the messages.
      return next ? isElsewhere && !isPast : reset && state?.position !== ':0';
    } else if (type === 'presence') {
      return lists.get(room) === frame;
    } else if (type === 'live') {
      // What the former connection has delivered meanwhile counts.
      if (isPast || !isAfter(position, state?.position)) frame.position = state?.position;
      if (isPast || !(revision > state?.revision)) frame.revision = state?.revision ?? revision;
    }

    if (!isFleeting(frame)) return find(ref)?.isTaken ?? true;
    const key = JSON.stringify(frame);
    const count = heard.get(key);
    heard.set(key, count - 1);
    return !(count > 0);
  }

  /** Applies a change to the list that the page will get. */
  function merge({ room, joined = [], left = [], changed = [], members }) {
    const list = lists.get(room);
    if (!list?.here) return;
    const gone = new Set(left);
    list.here = [...new Set([...list.here, ...joined])].filter((user) => !gone.has(user));
    list.members = { ...list.members };
    for (const user of [...left, ...changed]) delete list.members[user];
    Object.assign(list.members, members);
  }

  function find(ref) {
    return ref && [...joins.values()].find((join) => join.ref === ref);
  }

  function tell(frame) {
    send(JSON.stringify(frame));
  }

  function note({ name, position }) {
    passed.add(keyOf(name, parse(position)[0]));
  }
}

/** Opens the next connection of a client, until one has taken over. A server that stops leaves little time. */
export function replaceConnection(connection, times, isUrgent) {
  if (!connection.welcome) return; // It has ended meanwhile.
  const { signal } = connection.attempt;
  let failures = 0;
  const start = () => handOver(connection, times, undefined, ({ code }) => {
    const earliest = isUrgent ? 0 : { 1008: times.refused, 1013: times.busy }[code] ?? 0;
    const timer = setTimeout(start, earliest + connection.backoff(isUrgent ? 1 : failures++));
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
  start();
}

const isWhole = ({ here, count }) => here || count !== undefined;

const isFleeting = ({ type, position }) => type === 'signal' || (type === 'message' && !position);

const keyOf = (room, epoch) => `${epoch}:${room}`;

function read(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // only a sign of life
  }
}
