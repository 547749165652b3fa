import { BROKEN, LOST, POST_ENDS, addressOf, delayOf, post, readProblem, request, toEnd } from './http.js';

const WAIT = 25; // in seconds; many proxies give up after 30
const PAUSE = 5_000;

// Servers and proxies refuse longer addresses.
const MAX_URL = 7_500;

/**
 * A transport: the server's frames arrive as answers to long polls, and each of the client leaves in a post. To the server, each request is a
 * connection of its own. To the client, all of them together are one.
 */
export function polling({ url, token, signal, client, hear, end }) {
  const rooms = new Map(); // joined ones, each with the ref of the join as long as it isn't answered
  const left = new Set();
  const live = new Set();
  const presence = new Map();
  const waiting = [];
  const target = addressOf(url);
  let poll;
  let hasWelcome = false;
  let isPosting = false;

  const finish = (event) => signal.aborted || end(event);
  const tell = (frame) => signal.aborted || hear(JSON.stringify(frame));

  signal.addEventListener('abort', () => poll?.abort());
  receive().catch(() => finish(LOST));

  return (text) => {
    const frame = JSON.parse(text);
    const { type, ref, room } = frame;
    if (type === 'join') join(room, ref);
    else if (type === 'leave') leave(room, ref);
    else if (type !== 'resume' && type !== 'pong') waiting.push({ type, ref, text });
    if (!isPosting) send();
  };

  function join(room, ref) {
    left.delete(room);
    rooms.set(room, ref);
    const length = [...rooms.keys()].reduce((sum, name) => sum + 2 * encodeURIComponent(name).length + 60, url.href.length);
    if (length < MAX_URL) {
      poll.abort();
    } else {
      rooms.delete(room);
      queueMicrotask(() => tell({ type: 'error', ref, code: 'too_many_rooms', text: 'Polls have room for no further room.' }));
    }
  }

  function leave(room, ref) {
    forget(room);
    left.add(room);
    poll.abort();
    queueMicrotask(() => tell({ type: 'ack', ref, room }));
  }

  function forget(room) {
    rooms.delete(room);
    live.delete(room);
    presence.delete(room);
  }

  async function receive() {
    while (!signal.aborted) {
      const asked = [...rooms];
      const address = new URL(target);
      address.searchParams.set('frames', 1);
      address.searchParams.set('wait', hasWelcome && asked.every(([, ref]) => !ref) ? WAIT : 0);
      for (const [room] of asked) address.searchParams.append('join', room);
      for (const id of url.searchParams.getAll('connection')) address.searchParams.append('connection', id);
      client.namePositions(address, true, MAX_URL);
      const isWhole = !address.searchParams.has('resume');
      address.searchParams.delete('resume');
      poll = new AbortController();
      let answer;
      try {
        const response = await request(address, token, { Accept: 'application/json' }, { signal: poll.signal });
        const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
        if (!response.ok || !isJson) {
          const end = toEnd(response, await readProblem(response));
          finish(hasWelcome && response.status === 401 ? { ...end, earliest: 0 } : end); // The credentials have expired.
          return;
        }

        answer = await response.json();
      } catch (error) {
        if (!poll.signal.aborted) throw error;
        await undefined; // Others can join or leave at once.
        continue;
      }

      take(answer.frames, asked);
      // Rooms without a position answer every poll at once.
      if (!isWhole) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  function take(frames, asked) {
    const refusals = new Map();
    for (const frame of frames) {
      const [, index] = /^join-(\d+)$/.exec((frame.type === 'error' && frame.ref) || '') ?? [];
      if (index) refusals.set(frame, asked[index]);
    }

    const refused = new Set(refusals.values());
    for (const each of asked) {
      const [room, ref] = each;
      if (!ref || refused.has(each) || rooms.get(room) !== ref) continue;
      rooms.set(room);
      tell({ type: 'ack', ref, room });
    }

    for (const frame of frames) {
      if (refusals.has(frame)) refuse(frame, ...refusals.get(frame));
      else if (!left.has(frame.room) && isNew(frame)) tell(frame);
    }
  }

  function refuse({ code, text }, room, ref) {
    // The page can have left the room, or the store can be unavailable for a moment.
    if (!rooms.has(room) || rooms.get(room) !== ref || (!ref && code === 'unavailable')) return;
    forget(room);
    tell(ref ? { type: 'error', ref, code, text } : { type: 'left', room, reason: text });
  }

  /** Each poll begins like a new connection. */
  function isNew(frame) {
    const { type, room } = frame;
    if (type === 'welcome') {
      frame.ping = WAIT;
      return !hasWelcome && (hasWelcome = true);
    }

    if (type === 'live') return !live.has(room) && live.add(room);
    if (type === 'left') forget(room);
    if (type !== 'presence') return true;
    const known = presence.get(room);
    presence.set(room, JSON.stringify(frame));
    return known !== presence.get(room);
  }

  /** One post at a time, in order. */
  async function send() {
    isPosting = true;
    while (waiting.length && !signal.aborted) await deliver(waiting.shift());
    isPosting = false;
  }

  async function deliver({ ref, text }) {
    try {
      const response = await post(target, token, text);
      if (response.status === 204) return;
      const answer = response.ok ? await response.json() : await readProblem(response);
      if (response.ok) {
        tell(answer);
      } else if (response.status === 413 && !answer.code) {
        tell({ type: 'error', ref, code: 'too-big', text: 'The message is larger than the server accepts.' });
      } else if (!answer.code || answer.closeCode) {
        finish((!answer.code && POST_ENDS[response.status]) || toEnd(response, answer));
      } else {
        const { code, detail, retry = delayOf(response) / 1_000 } = answer;
        // The client sends the refused message again, and then those after it.
        if (code === 'unavailable') waiting.splice(0, Infinity, ...waiting.filter((other) => !isOrdered(other)));
        tell({ type: 'error', ref, code, text: detail, retry });
        if (code === 'rate_limited') finish({ code: 1008, reason: detail });
      }
    } catch {
      finish(BROKEN); // The client sends it again on the next connection.
    }
  }
}

const isOrdered = ({ type, ref }) => ref && ['message', 'edit', 'delete'].includes(type);
