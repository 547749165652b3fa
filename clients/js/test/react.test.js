import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { connect } from 'chatkit';
import { WebSocket } from 'ws';
import { launchBrowser, openPage } from './support/browser.js';
import { ChatRoom } from './support/chatroom.js';
import { Proxy } from './support/proxy.js';
import { requires } from './support/requirement.js';
import { expect, until } from './support/until.js';

const APP = path.join(import.meta.dirname, 'app');

/** Builds the pages with Vite. StrictMode mounts everything twice only in development. */
async function bundle(mode, alias = {}, name = mode) {
  process.env.NODE_ENV = mode;
  const { build } = await import('vite');
  const outDir = path.join(APP, 'dist', name);
  await rm(outDir, { recursive: true, force: true });
  await build({
    root: APP, base: '/app/', mode, logLevel: 'warn', configFile: false, resolve: { alias }, build: { outDir, minify: mode === 'production' },
  });
  return outDir;
}

describe('A React page', requires('server', 'chromium'), () => {
  let room;
  let proxy;
  let browser;
  let rooms = 0;
  let pages = [];
  let chats = [];

  before(async () => {
    const built = await bundle('development');
    room = await ChatRoom.start();
    proxy = await Proxy.start(room.address, built);
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    proxy?.close();
    await room?.kill();
  });

  afterEach(async () => {
    chats.forEach((chat) => chat.close());
    const problems = pages.flatMap((page) => page.problems);
    await Promise.all(pages.map((page) => page.browserContext().close()));
    pages = [];
    chats = [];
    assert.deepEqual(problems, []);
  });

  const newRoom = () => `room-${++rooms}`;

  async function open(name, user, kind = 'bench', server = proxy) {
    const page = await openPage(browser, new URL(`app/?${kind}&room=${name}&user=${user}`, server.address));
    pages.push(page);
    return page;
  }

  /** Somebody else, without a page. */
  function join(name, user, server = room) {
    const chat = connect(new URL(`chat/${name}?name=${user}`, server.address), { WebSocket, times: { backoff: 5, signal: 0 } });
    chats.push(chat);
    return chat;
  }

  const shown = (page, id) => page.evaluate((name) => JSON.parse(document.getElementById(name)?.textContent || 'null'), id);
  const texts = async (page, id = 'messages') => (await shown(page, id))?.map(({ data, deleted }) => (deleted ? null : data));

  const here = async (page) => (await shown(page, 'here'))?.sort().join();

  test('shows the chat room of the documentation', async () => {
    const name = newRoom();
    const before = proxy.upgrades;
    const [ann, bob] = [await open(name, 'Ann', 'docs'), await open(name, 'Bob', 'docs')];
    const items = (page) => page.$$eval('li', (all) => all.map(({ textContent }) => textContent.trim()));
    await expect(() => ann.$eval('[role=status]', ({ textContent }) => textContent.length), 'Here: Ann, Bob'.length);
    assert.equal(proxy.upgrades - before, 2); // although StrictMode has mounted everything twice

    await ann.type('input', 'hello');
    await expect(() => bob.$eval('section', ({ textContent }) => textContent.includes('Ann is typing…')), true);
    await ann.keyboard.press('Enter');
    await bob.type('input', 'hi Ann');
    await bob.keyboard.press('Enter');

    await expect(() => items(ann), ['Ann hello Delete', 'Bob hi Ann']);
    await expect(() => items(bob), ['Ann hello', 'Bob hi Ann Delete']);
    await ann.click('li button');
    await expect(() => items(bob), ['Ann deleted', 'Bob hi Ann Delete']);
  });

  test('shows messages, edits and deletions, also those that it missed', async () => {
    const name = newRoom();
    const bob = join(name, 'Bob');
    const { position: first } = await bob.send('one');
    const { position: second } = await bob.send('two');
    const page = await open(name, 'Ann');
    await expect(() => texts(page), ['one', 'two']);

    await bob.edit(first, 'ONE');
    await expect(() => texts(page), ['ONE', 'two']);
    proxy.block('chat');
    await expect(() => shown(page, 'state'), 'reconnecting');
    await bob.delete(second);
    await bob.send('three');
    await page.evaluate(() => void window.bench.views.messages.send('mine'));
    await expect(() => page.evaluate(() => window.bench.views.messages.pending.map(({ data }) => data)), ['mine']);
    proxy.block();

    await expect(() => texts(page), ['ONE', null, 'three', 'mine']);
    await expect(() => page.evaluate(() => window.bench.views.messages.pending), []);
    assert.equal(await shown(page, 'state'), 'live');
  });

  test('puts older messages before the others, as they are now', async () => {
    const name = newRoom();
    const bob = join(name, 'Bob');
    const sent = await Promise.all(Array.from({ length: 70 }, (_, index) => bob.send(`${index}`)));
    const page = await open(name, 'Ann');
    await expect(async () => (await texts(page))?.length, 50);
    assert.equal(await page.evaluate(() => window.bench.views.messages.hasOlder), true);

    await page.evaluate(() => Promise.all([window.bench.views.messages.older(15), window.bench.views.messages.older(15)]));
    await expect(async () => (await texts(page)).slice(0, 2), ['5', '6']);
    await bob.edit(sent[1].position, 'edited');
    await page.evaluate(() => window.bench.views.messages.older());

    await expect(() => texts(page), ['0', 'edited', ...Array.from({ length: 68 }, (_, index) => `${index + 2}`)]);
    assert.equal(await page.evaluate(() => window.bench.views.messages.hasOlder), false);
  });

  test('marks what the server has lost', async () => {
    const own = await ChatRoom.start();
    const other = await Proxy.start(own.address, path.join(APP, 'dist/development'));
    let next;
    try {
      const page = await open('lobby', 'Ann', 'bench', other);
      const bob = join('lobby', 'Bob', own);
      await bob.send('before');
      await expect(() => texts(page), ['before']);
      bob.close();
      await own.kill();
      next = await ChatRoom.start();
      other.target = next.address;
      await expect(() => shown(page, 'state'), 'live');
      await join('lobby', 'Bob', next).send('behind');

      await expect(() => texts(page), ['before', 'behind']);
      assert.deepEqual((await shown(page, 'messages')).map(({ gap }) => gap ?? null), [null, { reset: true }]);
      await page.browserContext().close();
      pages.pop();
    } finally {
      other.close();
      await next?.kill();
      await own.kill();
    }
  });

  test('counts what the user has not read', async () => {
    const name = newRoom();
    const bob = join(name, 'Bob');
    await bob.send('one');
    const { position } = await bob.send('two');
    const page = await open(name, 'Ann');
    await expect(() => shown(page, 'unread'), 2);

    await page.evaluate(() => window.bench.views.unread.markRead());
    await expect(() => shown(page, 'unread'), 0);
    await bob.send('three');
    await page.evaluate(() => window.bench.views.unread.send('mine'));
    await expect(() => shown(page, 'unread'), 1);
    assert.equal(await page.evaluate(() => window.bench.views.unread.read), position);
    assert.equal(await page.evaluate(() => window.bench.views.unread.reads.Ann), position);

    const phone = join(name, 'Ann');
    const { position: last } = await bob.send('four');
    await expect(() => shown(page, 'unread'), 2);
    await until(() => phone.state === 'live');
    phone.read(last);
    await expect(() => shown(page, 'unread'), 0);
  });

  test('shows who is there and who is typing, for a while', async () => {
    const name = newRoom();
    const bob = join(name, 'Bob');
    const page = await open(name, 'Ann');
    await expect(() => here(page), 'Ann,Bob');

    bob.signal('typing');
    await expect(() => shown(page, 'typing'), ['Bob']);
    await expect(() => shown(page, 'typing'), []); // after 4 seconds
    bob.signal('typing');
    await expect(() => shown(page, 'typing'), ['Bob']);
    await bob.send('written');
    await expect(() => shown(page, 'typing'), []);
  });

  test('renders only the components that use what has changed', async () => {
    const name = newRoom();
    const bob = join(name, 'Bob');
    await bob.send('one');
    const page = await open(name, 'Ann');
    await expect(() => texts(page), ['one']);
    await expect(() => here(page), 'Ann,Bob');
    await expect(() => shown(page, 'unread'), 1);
    await page.evaluate(() => {
      const { renders, views } = window.bench;
      Object.assign(window, { renders: { ...renders }, first: views.messages.messages[0], send: views.messages.send });
    });

    await bob.send('two');
    await expect(() => texts(page), ['one', 'two']);
    await expect(() => shown(page, 'unread'), 2);

    const { renders, before, isSame } = await page.evaluate(() => ({
      renders: window.bench.renders,
      before: window.renders,
      isSame: window.first === window.bench.views.messages.messages[0] && window.send === window.bench.views.messages.send,
    }));
    assert.ok(isSame);
    for (const id of ['chat', 'typing', 'here', 'state']) assert.equal(renders[id], before[id], id);
    for (const id of ['messages', 'unread']) assert.ok(renders[id] > before[id], id);
  });

  test('joins a room while a component uses it', async () => {
    const [home, team] = [newRoom(), newRoom()];
    const bob = join(team, 'Bob');
    const lists = [];
    bob.on('presence', (event) => lists.push(event.here.sort().join()));
    await bob.send('in the team');
    const page = await open(home, 'Ann');
    await expect(() => shown(page, 'state'), 'live');

    const show = (...names) => page.evaluate((url, all) => window.bench.show({ url, rooms: all }), `/chat/${home}?name=Ann`, names);
    await show(team);
    await expect(() => texts(page, team), ['in the team']);
    await page.evaluate((name) => window.bench.views[name].send('from Ann'), team);
    await expect(() => texts(page, team), ['in the team', 'from Ann']);
    assert.deepEqual(await texts(page), []);
    await show();
    await expect(() => lists, ['Bob', 'Ann,Bob', 'Bob']);
    const refused = 'a name that is too long '.repeat(50);
    await show(team, refused);
    await expect(() => texts(page, team), ['in the team', 'from Ann']);
    await expect(() => page.evaluate((name) => window.bench.views[name].state, refused), 'closed');
    assert.equal(await page.evaluate((name) => window.bench.views[name].error.code, refused), 'malformed');
  });

  test('has one connection, as long as it is mounted', async () => {
    const [name, other] = [newRoom(), newRoom()];
    const upgrades = proxy.upgrades;
    const page = await open(name, 'Ann');
    await expect(() => shown(page, 'state'), 'live');
    assert.deepEqual([proxy.upgrades - upgrades, proxy.open], [1, 1]);

    await page.evaluate((room) => window.bench.show({ url: `/chat/${room}?name=Ann`, rooms: [] }), other);
    await until(() => page.evaluate((room) => window.bench.chat.home === room && window.bench.views.state.state === 'live', other));
    await expect(() => [proxy.upgrades - upgrades, proxy.open], [2, 1]);
    await page.evaluate(() => window.bench.show({ url: null, rooms: ['team'] }));
    await expect(() => shown(page, 'state'), 'closed');
    assert.match(await page.evaluate(() => window.bench.views.team.send('x').catch(({ message }) => message)), /There is no connection/);
    await expect(() => proxy.open, 0);
    await page.evaluate((room) => window.bench.show({ url: `/chat/${room}?name=Ann`, rooms: [] }), name);
    await expect(() => shown(page, 'state'), 'live');
    await page.evaluate(() => window.bench.show(undefined));
    await expect(() => proxy.open, 0);
  });

  test('loads the other transports only where no WebSocket gets through', async () => {
    const built = await bundle('production');
    const scripts = await readdir(path.join(built, 'assets'));
    assert.equal(scripts.filter((script) => script.includes('fallback')).length, 1, scripts.join());
    const other = await Proxy.start(room.address, built);
    try {
      const name = newRoom();
      other.block('websocket');
      const page = await open(name, 'Ann', 'bench', other);
      await until(() => page.evaluate(() => window.bench.chat.transport === 'eventsource'));
      await page.evaluate(() => window.bench.views.messages.send('by event stream'));
      await expect(() => texts(page), ['by event stream']);
    } finally {
      other.close();
    }
  });
});

test('A page with React 18 shows the same', requires('server', 'chromium'), async (context) => {
  const room = await ChatRoom.start();
  const modules = path.join(import.meta.dirname, '../node_modules');
  const alias = { 'react-dom': path.join(modules, 'react-dom-18'), react: path.join(modules, 'react-18') };
  const proxy = await Proxy.start(room.address, await bundle('development', alias, 'react-18'));
  const browser = await launchBrowser();
  context.after(async () => {
    await browser.close();
    proxy.close();
    await room.kill();
  });

  const page = await openPage(browser, new URL('app/?room=lobby&user=Ann', proxy.address));
  await expect(() => page.$eval('[role=status]', ({ textContent }) => textContent), 'Here: Ann');
  await page.type('input', 'hello');
  await page.keyboard.press('Enter');
  await expect(() => page.$$eval('li', (all) => all.map(({ textContent }) => textContent.trim())), ['Ann hello Delete']);
  assert.deepEqual([await page.title(), proxy.upgrades, page.problems], ['React 18.3.1', 1, []]);
});

test('A React component renders on a server', async () => {
  const { createElement } = await import('react');
  const { renderToString } = await import('react-dom/server');
  const { useChat, useRoom } = await import('chatkit/react');
  function Component() {
    const chat = useChat('/chat/lobby');
    const { state, messages } = useRoom(chat);
    return `${chat.state} ${state} ${messages.length}`;
  }

  assert.equal(renderToString(createElement(Component)), 'connecting connecting 0');
});
