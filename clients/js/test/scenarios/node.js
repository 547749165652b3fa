// The driver as a program of Node.js. Argument: the path of the client; without it, the package.

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Driver } from './driver.js';

const [path] = process.argv.slice(2);
const { connect } = await import(path ? pathToFileURL(path) : 'chatkit');
// Before version 22, Node.js has a WebSocket only if it is asked for, and an unfinished one.
const { WebSocket } = parseInt(process.versions.node, 10) < 22 ? await import('ws').catch(() => globalThis) : globalThis;
const driver = new Driver(connect, (line) => process.stdout.write(`${line}\n`), { WebSocket });

for await (const line of createInterface(process.stdin)) driver.handle(line);
process.exit(); // The client can still wait for the end of a connection.
