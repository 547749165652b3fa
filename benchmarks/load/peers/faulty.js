// A server that loses, duplicates, and swaps messages, to show that the generator detects this. It is not a peer.
import { WebSocketServer } from 'ws';

// Prime, so that the faults do not always affect the same member.
const every = 997;
const members = new Set();
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) });
let delivery = 0;
let held = null;

server.on('connection', socket => {
  members.add(socket);
  socket.on('message', data => {
    const text = data.toString();
    for (const member of members)
      deliver(member, socket, text);
  });
  socket.on('close', () => members.delete(socket));
  socket.on('error', () => {});
});

function deliver(member, sender, text) {
  const fault = ++delivery % every;
  if (held?.member === member && held.sender === sender) {
    member.send(text);
    member.send(held.text);
    held = null;
  } else if (fault === 1 && member !== sender) {
    // Lost.
  } else if (fault === 2 && member !== sender && held === null) {
    held = { member, sender, text };
  } else {
    member.send(text);
    if (fault === 3)
      member.send(text);
  }
}
