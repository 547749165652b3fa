import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { connect } from 'chatkit';
import { WebSocket as Ws } from 'ws';
import { ChatRoom } from './support/chatroom.js';
import { Proxy } from './support/proxy.js';
import { required, requires } from './support/requirement.js';
import { expect, until } from './support/until.js';

const times = { backoff: 5, fallback: 2_000 };

// Node.js has one of its own since version 22.
const implementations = { ws: Ws, ...(globalThis.WebSocket && { 'the global WebSocket': undefined }) };

describe('In Node.js, the client', requires('server'), () => {
  let room;
  let proxy;
  let rooms = 0;
  const chats = [];

  before(async () => {
    room = await ChatRoom.start();
    proxy = await Proxy.start(room.address);
  });

  after(async () => {
    chats.forEach((chat) => chat.close());
    proxy?.close();
    await room?.kill();
  });

  function open(name, user, options = { WebSocket: Ws }, server = proxy) {
    const chat = connect(new URL(`chat/${name}?name=${user}`, server.address), { times, ...options });
    const events = { message: [], gap: [], state: [], error: [] };
    for (const [type, list] of Object.entries(events)) chat.on(type, (event) => list.push(event));
    chats.push(chat);
    return {
      chat,
      events,
      get texts() {
        return events.message.map(({ data }) => data);
      },
    };
  }

  /** Runs a program that sends a message and closes the connection. */
  const talk = (program, name, transport) =>
    promisify(execFile)(program, [`${import.meta.dirname}/support/talk.js`, new URL(`chat/${name}`, room.address).href, transport]);

  const newRoom = () => `room-${++rooms}`;

  for (const [name, WebSocket] of Object.entries(implementations)) {
    test(`sends and receives with ${name}`, async () => {
      const ann = open(newRoom(), 'Ann', { WebSocket });

      const { position } = await ann.chat.send('hello');

      await expect(() => ann.events.message.map(({ from, data, position: at }) => [from, data, at]), [['Ann', 'hello', position]]);
      assert.deepEqual([ann.chat.state, ann.chat.user, ann.chat.transport], ['live', 'Ann', 'websocket']);
      assert.match(ann.chat.home, /^room-/);
    });

    test(`receives what it missed with ${name}`, async () => {
      const name = newRoom();
      const [ann, bob] = [open(name, 'Ann', { WebSocket }), open(name, 'Bob', undefined, room)];
      await ann.chat.send('before');
      proxy.block('chat');
      await until(() => ann.chat.state === 'reconnecting');
      for (const text of ['first', 'second']) await bob.chat.send(text);
      const late = ann.chat.send('from Ann');

      proxy.block();

      await late;
      await expect(() => ann.texts, ['before', 'first', 'second', 'from Ann']);
      assert.deepEqual(ann.events.gap, []);
    });
  }

  test('survives that the server is killed and started again', async () => {
    const own = await ChatRoom.start();
    const other = await Proxy.start(own.address);
    let next;
    try {
      const ann = open('lobby', 'Ann', undefined, other);
      await ann.chat.send('before');
      await expect(() => ann.texts, ['before']); // The message may come after its ack.
      await own.kill();
      await until(() => ann.chat.state === 'reconnecting');
      const late = ann.chat.send('meanwhile');
      assert.deepEqual(ann.chat.pending.map(({ data }) => data), ['meanwhile']);

      next = await ChatRoom.start();
      other.target = next.address;

      await late;
      await expect(() => ann.texts, ['before', 'meanwhile']);
      assert.deepEqual(ann.events.gap.map(({ reset }) => reset), [true]); // Its history was in memory.
      ann.chat.close();
    } finally {
      other.close();
      await next?.kill();
      await own.kill();
    }
  });

  test('uses an event stream, and then polls, where nothing else gets through', async () => {
    const ann = open(newRoom(), 'Ann');
    await ann.chat.send('by WebSocket');

    proxy.block('websocket');
    await until(() => ann.chat.transport === 'eventsource');
    await ann.chat.send('by event stream');
    proxy.block('websocket', 'eventsource');
    await until(() => ann.chat.transport === 'polling');
    await ann.chat.send('by poll');

    await expect(() => ann.texts, ['by WebSocket', 'by event stream', 'by poll']);
    proxy.block();
  });

  test('tries again if its WebSocket reports only an error', async () => {
    let attempts = 0;
    class Failing {
      constructor() {
        attempts++;
        setTimeout(() => this.onerror({}));
      }

      close() {}
    }

    open(newRoom(), 'Ann', { WebSocket: Failing, transports: ['websocket'], times: { backoff: 5, connect: 600_000 } });

    await until(() => attempts > 2);
  });

  if (!globalThis.WebSocket) {
    test('says that there is no WebSocket', async () => {
      const ann = open(newRoom(), 'Ann', {});

      await until(() => ann.events.state.some(({ reason }) => reason === 'WebSocket is not defined'));
    });
  }

  for (const transport of ['websocket', 'eventsource', 'polling']) {
    test(`lets the program end after it is closed, by ${transport}`, async () => {
      const { stdout } = await talk(process.execPath, newRoom(), transport);

      assert.match(stdout, /^sent$/m);
    });
  }

  test('runs in Bun', requires('bun'), async () => {
    for (const transport of ['websocket', 'eventsource', 'polling']) {
      const { stdout } = await talk(required('bun'), newRoom(), transport);
      assert.match(stdout, /^sent$/m);
    }
  });

  test('throws the mistakes of listeners like any uncaught error', async () => {
    const name = newRoom();
    await open(name, 'Ann').chat.send('throw');

    await assert.rejects(talk(process.execPath, name, 'websocket'), /the mistake of a listener/);
  });

  test('needs an absolute URL', () => {
    assert.throws(() => connect('chat/lobby'), { code: 'ERR_INVALID_URL' });
  });
});
