// What a room shows, in cases that are hard to bring about with a real server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoomStore } from '../src/room.js';

/** The home room of a connection that is live, or another one. Requests for older messages are answered by `answer`. */
function open(name, live = []) {
  const client = {
    home: 'lobby', user: 'Ann', pending: [], left: 0,
    read: () => {},
    join: () => ({ leave: () => client.left++ }),
    older: (limit, before) => new Promise((resolve) => Object.assign(client, { asked: before, answer: resolve })),
  };
  const room = new RoomStore({ snapshot: { state: 'live' }, client, live: new Set(live), hold: () => () => {} }, name);
  return { client, room, get: () => room.snapshot, texts: () => room.snapshot.messages.map(({ data }) => data) };
}

const message = (position, data, more) => ({ room: 'lobby', position, from: 'Bob', at: new Date(0), data, deleted: false, live: true, ...more });
const change = (position, data, at = 1) => ({ room: 'lobby', position, at: new Date(at), data, deleted: false });

test('A room keeps the latest 1,000 messages, and those that were asked for', async () => {
  const { client, room, get, texts } = open();
  for (let number = 10; number < 1_015; number++) room.handle('message', message(`e:${number}`, number));
  assert.deepEqual([texts()[0], get().messages.length, get().hasOlder], [15, 1_000, true]);

  const done = room.actions.older(5);
  assert.equal(client.asked, 'e:15');
  client.answer({ messages: [13, 14].map((number) => message(`e:${number}`, number)), more: true });
  await done;
  room.handle('message', message('e:1015', 1_015));

  assert.deepEqual([texts()[0], texts().at(-1), get().messages.length, get().hasOlder], [14, 1_015, 1_002, true]);
});

test('A gap is shown before the next message, as it was announced last, with those that follow it', () => {
  const { room, get } = open();
  room.handle('message', message('e:1', 'one'));
  room.handle('gap', { after: 'e:1', next: 'e:5', missed: 3, reset: false });
  room.handle('gap', { after: 'e:1', next: 'e:8', missed: 6, reset: false });
  assert.deepEqual(get().gap, { missed: 6, reset: false });
  room.handle('gap', { after: 'e:7', next: 'e:10', missed: 2, reset: false });
  room.handle('message', message('e:10', 'ten'));
  room.handle('message', message('e:11', 'eleven'));

  assert.deepEqual(get().messages.map(({ gap }) => gap), [undefined, { missed: 8, reset: false }, undefined]);
  assert.equal(get().gap, undefined);
});

test('Older messages are put behind a reset', async () => {
  const { client, room, get, texts } = open();
  room.handle('message', message('e:1', 'lost'));
  room.handle('gap', { after: 'e:1', next: 'f:3', reset: true });
  room.handle('message', message('f:3', 'three'));

  const done = room.actions.older();
  assert.equal(client.asked, 'f:3');
  client.answer({ messages: [message('f:2', 'two')], more: false });
  await done;

  assert.deepEqual(texts(), ['lost', 'two', 'three']);
  assert.deepEqual(get().messages.map(({ gap }) => gap?.reset), [undefined, true, undefined]);
});

test('A change that overtakes the older message is not lost', async () => {
  const { client, room, texts } = open();
  room.handle('message', message('e:9', 'nine'));

  const done = room.actions.older();
  room.handle('change', change('e:7', 'SEVEN'));
  room.handle('change', change('e:8', 'old'));
  client.answer({ messages: [message('e:7', 'seven'), message('e:8', 'new', { edited: new Date(2) })], more: false });
  await done;

  assert.deepEqual(texts(), ['SEVEN', 'new', 'nine']);
});

test('Messages without a position have keys, and count as nothing that can be read', () => {
  const { room, get } = open();
  room.handle('message', message(undefined, 'fleeting'));
  room.handle('message', message(undefined, 'fleeting'));
  room.handle('message', message('e:1', 'stored'));

  assert.equal(new Set(get().messages.map(({ key }) => key)).size, 3);
  assert.equal(get().unread, 1);
});

test('What the user has read stays read, also if the server does not know yet', () => {
  const { room, get } = open();
  for (const number of [1, 2, 3]) room.handle('message', message(`e:${number}`, number, { live: false }));
  room.handle('message', message('e:4', 'own', { from: 'Ann', live: false }));
  room.handle('live', { room: 'lobby', recovered: false, read: 'e:1', unread: 3 });
  assert.deepEqual([get().read, get().unread], ['e:1', 2]);

  room.actions.markRead('e:3');
  room.handle('message', message('e:5', 'missed', { live: false }));
  room.handle('live', { room: 'lobby', recovered: true, read: 'e:2', unread: 3 });

  assert.deepEqual([get().read, get().unread], ['e:3', 1]);
});

test('A room that the client may not be in, or no longer, is closed', () => {
  const { room, get } = open();
  room.handle('live', { room: 'lobby', recovered: false });
  assert.equal(get().state, 'live');

  room.handle('left', { room: 'lobby', reason: 'Good bye.' });

  assert.equal(get().state, 'closed');
  assert.deepEqual(get().error, { room: 'lobby', code: 'left', text: 'Good bye.' });
});

const forbidden = { room: 'news', code: 'forbidden', text: 'This endpoint does not let clients join rooms.' };

test('A room that the server has let the client into is live, although the client can not join it', () => {
  for (const isLate of [false, true]) {
    const { client, room, get, texts } = open('news');
    room.start();
    if (isLate) room.handle('error', forbidden);
    assert.equal(get().state, isLate ? 'closed' : 'connecting');
    room.handle('message', message('e:1', 'one', { room: 'news' }));
    room.handle('live', { room: 'news', recovered: false });
    if (!isLate) room.handle('error', forbidden);
    assert.deepEqual([get().state, get().error, texts()], ['live', undefined, ['one']]);

    room.stop();
    room.handle('message', message('e:2', 'two', { room: 'news' }));
    room.start();
    room.handle('error', forbidden);

    assert.deepEqual([get().state, get().error, texts(), client.left], ['live', undefined, ['one', 'two'], 0]);
  }
});

test('A room that was live before a component used it is live', () => {
  const { client, room, get } = open('news', ['news']);

  room.start();

  assert.equal(get().state, 'live');
  room.stop();
  assert.equal(client.left, 1);
});
