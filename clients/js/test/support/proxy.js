import { readFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { extname, join } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };

/** A proxy in front of the sample, which serves pages of its own at /app/, and behaves like a bad network. */
export class Proxy {
  target; // the URL of the sample
  blocks = new Set(); // What doesn't get through: 'websocket', 'eventsource', or 'chat' for all.
  upgrades = 0; // the number of WebSockets so far

  #pages;
  #server;
  #links = new Set();

  /** @param pages The folder with the pages. */
  static async start(target, pages) {
    const proxy = new Proxy();
    proxy.target = target;
    proxy.#pages = pages;
    proxy.#server = http.createServer((request, response) => proxy.#answer(request, response));
    proxy.#server.on('upgrade', (request, socket, head) => proxy.#upgrade(request, socket, head));
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address() {
    return new URL(`http://127.0.0.1:${this.#server.address().port}/`);
  }

  /** The number of WebSockets that are open. */
  get open() {
    return this.#links.size;
  }

  /** Breaks everything that is open. */
  drop() {
    for (const link of this.#links) link.destroy();
    this.#server.closeAllConnections();
  }

  /** Breaks everything that is open, and lets some of it no longer through. */
  block(...ways) {
    this.blocks = new Set(ways);
    this.drop();
  }

  close() {
    this.drop();
    this.#server.close();
  }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, this.address);
    if (pathname.startsWith('/app/')) {
      try {
        const path = join(this.#pages, pathname.slice('/app/'.length) || 'index.html');
        const content = await readFile(path);
        response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content);
      } catch {
        response.writeHead(404).end();
      }
      return;
    }

    const isChat = pathname.startsWith('/chat/');
    if (isChat && this.blocks.has('chat')) {
      request.destroy();
      return;
    }

    if (isChat && request.headers.accept === 'text/event-stream' && this.blocks.has('eventsource')) {
      response.writeHead(406).end();
      return;
    }

    const { method, url: path, headers } = request;
    const { hostname, port } = this.target;
    const forwarded = http.request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    forwarded.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  }

  #upgrade(request, socket, head) {
    this.upgrades++;
    if (this.blocks.has('websocket') || this.blocks.has('chat')) {
      socket.destroy();
      return;
    }

    const { hostname, port } = this.target;
    const link = net.connect({ host: hostname, port }, () => {
      const lines = request.rawHeaders.map((part, index) => (index % 2 ? `${part}\r\n` : `${part}: `)).join('');
      link.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
      link.write(head);
      link.pipe(socket).pipe(link);
    });
    this.#links.add(link);
    for (const end of [link, socket]) {
      end.on('error', () => {});
      end.on('close', () => {
        link.destroy();
        socket.destroy();
        this.#links.delete(link);
      });
    }
  }
}
