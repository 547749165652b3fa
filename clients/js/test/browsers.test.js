// The browser client, as ChatKit.AspNetCore serves it, in more than one browser. tests/ChatRoom.Tests tests it in depth, in chromium.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { connect } from 'chatkit';
import { WebSocket } from 'ws';
import { launchBrowser, openPage } from './support/browser.js';
import { ChatRoom } from './support/chatroom.js';
import { Proxy } from './support/proxy.js';
import { requires } from './support/requirement.js';
import { expect, until } from './support/until.js';

const PAGES = path.join(import.meta.dirname, 'pages');

for (const name of ['chromium', 'firefox']) {
  describe(`In ${name}, the browser client`, requires('server', name), () => {
    let room;
    let proxy;
    let browser;
    let rooms = 0;
    let pages = [];

    before(async () => {
      room = await ChatRoom.start();
      proxy = await Proxy.start(room.address, PAGES);
      browser = await launchBrowser(name);
    });

    after(async () => {
      await browser?.close();
      proxy?.close();
      await room?.kill();
    });

    afterEach(async () => {
      proxy.block();
      const problems = pages.flatMap((page) => page.problems);
      await Promise.all(pages.map((page) => page.browserContext().close()));
      pages = [];
      assert.deepEqual(problems, []);
    });

    const newRoom = () => `room-${++rooms}`;

    const start = (page, where) => page.evaluate(async (url) => {
      const { connect: open } = await import('/_content/ChatKit.AspNetCore/chatkit.js');
      Object.assign(window, { events: [], outcomes: {}, chat: open(url, { times: { backoff: 5, fallback: 2_000 } }) });
      for (const type of ['message', 'gap', 'error']) window.chat.on(type, (event) => window.events.push({ type, ...event }));
    }, `/chat/${where}?name=Ann`);

    async function open(where, server = proxy) {
      const page = await openPage(browser, new URL('app/blank.html', server.address));
      pages.push(page);
      await start(page, where);
      return page;
    }

    const send = (page, text) => page.evaluate((data) => {
      window.chat.send(data).then(() => (window.outcomes[data] = 'sent'), ({ code }) => (window.outcomes[data] = code));
    }, text);

    const state = (page) => page.evaluate(() => window.chat.state);
    const all = (page, type, member) => page.evaluate(
      (kind, field) => window.events.filter((event) => event.type === kind).map((event) => event[field]), type, member);

    test('sends and receives', async () => {
      const page = await open(newRoom());

      await send(page, 'hello');

      await expect(() => all(page, 'message', 'data'), ['hello']);
      await expect(() => page.evaluate(() => window.outcomes), { hello: 'sent' });
      assert.deepEqual(await page.evaluate(() => [window.chat.state, window.chat.transport, window.chat.pending.length]), ['live', 'websocket', 0]);
    });

    test('receives what it missed, and sends what it could not', async () => {
      const where = newRoom();
      const page = await open(where);
      const bob = connect(new URL(`chat/${where}?name=Bob`, room.address), { WebSocket });
      await send(page, 'before');
      await expect(() => all(page, 'message', 'data'), ['before']);
      proxy.block('chat');
      await until(async () => (await state(page)) === 'reconnecting');
      await bob.send('missed');
      bob.close();
      await send(page, 'late');

      proxy.block();

      await expect(() => all(page, 'message', 'data'), ['before', 'missed', 'late']);
      assert.deepEqual(await all(page, 'gap', 'missed'), []);
    });

    test('survives that the server is killed and started again', async () => {
      const own = await ChatRoom.start();
      const other = await Proxy.start(own.address, PAGES);
      let next;
      try {
        const page = await open('lobby', other);
        await send(page, 'before');
        await expect(() => page.evaluate(() => window.outcomes), { before: 'sent' });
        await expect(() => all(page, 'message', 'data'), ['before']); // The message may come after its ack.
        await own.kill();
        await until(async () => (await state(page)) === 'reconnecting');
        await send(page, 'meanwhile');

        next = await ChatRoom.start();
        other.target = next.address;

        await expect(() => all(page, 'message', 'data'), ['before', 'meanwhile']);
        await expect(() => all(page, 'gap', 'reset'), [true]);
        await expect(() => page.evaluate(() => window.outcomes), { before: 'sent', meanwhile: 'sent' });
        await page.browserContext().close();
        pages.pop();
      } finally {
        other.close();
        await next?.kill();
        await own.kill();
      }
    });

    test('uses an event stream, and then polls, where nothing else gets through', async () => {
      const page = await open(newRoom());
      await send(page, 'by WebSocket');
      await expect(() => all(page, 'message', 'data'), ['by WebSocket']);

      proxy.block('websocket');
      await until(() => page.evaluate(() => window.chat.transport === 'eventsource'));
      await send(page, 'by event stream');
      await expect(() => all(page, 'message', 'data'), ['by WebSocket', 'by event stream']);
      proxy.block('websocket', 'eventsource');
      await until(() => page.evaluate(() => window.chat.transport === 'polling'));
      await send(page, 'by poll');

      await expect(() => all(page, 'message', 'data'), ['by WebSocket', 'by event stream', 'by poll']);
    });

    test('sends what was pending when the page was reloaded, once', async () => {
      const where = newRoom();
      const page = await open(where);
      await until(async () => (await state(page)) === 'live');
      proxy.block('chat');
      await until(async () => (await state(page)) === 'reconnecting');
      await send(page, 'typed before');

      await page.reload();
      await start(page, where);
      assert.deepEqual(await page.evaluate(() => window.chat.pending.map(({ data }) => data)), ['typed before']);
      proxy.block();

      await expect(() => all(page, 'message', 'data'), ['typed before']);
      // Another key says which transport works.
      await expect(() => page.evaluate(() => Object.keys(sessionStorage).filter((key) => !key.endsWith(' transport'))), []);
      assert.deepEqual(await all(page, 'error', 'code'), []);
    });
  });
}
