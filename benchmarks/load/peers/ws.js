// Node with the package ws: a set of sockets for each room, and a loop that sends to each.
import { WebSocketServer } from 'ws';

const rooms = new Map();
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) });

server.on('connection', (socket, request) => {
  let room = rooms.get(request.url);
  if (!room)
    rooms.set(request.url, room = new Set());
  room.add(socket);
  socket.on('message', data => {
    const text = data.toString();
    for (const member of room)
      member.send(text);
  });
  socket.on('close', () => {
    room.delete(socket);
    if (room.size === 0)
      rooms.delete(request.url);
  });
  socket.on('error', () => {});
});
