// The driver as a program of Node.js. Argument: the path of the client; without it, the package.

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Driver } from './driver.js';

const [path] = process.argv.slice(2);
const { connect } = await import(path ? pathToFileURL(path) : 'chatkit');
// Node.js 20 has no WebSocket.
const { WebSocket } = await import('ws').catch(() => globalThis);
const driver = new Driver(connect, (line) => process.stdout.write(`${line}\n`), { WebSocket });

for await (const line of createInterface(process.stdin)) driver.handle(line);
process.exit(); // The client can still wait for the end of a connection.
