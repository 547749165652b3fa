// Sends a message and closes the connection, after which the program ends by itself. Arguments: the URL, and the transport.

import { connect } from 'chatkit';

const { default: WebSocket } = globalThis.WebSocket ? {} : await import('ws');
const [url, transport] = process.argv.slice(2);
const chat = connect(url, { WebSocket, transports: [transport] });
chat.on('message', ({ data, live }) => {
  if (data === 'throw') throw new Error('the mistake of a listener');
  if (live) console.log(`received ${data} by ${chat.transport}`);
});
await chat.send('hello');
console.log('sent');
chat.close();
