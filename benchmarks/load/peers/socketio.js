// Socket.IO with its rooms. It starts with WebSockets.
import { Server } from 'socket.io';

const server = new Server({ transports: ['websocket'], serveClient: false });

server.on('connection', socket => {
  const room = socket.handshake.query.room;
  socket.join(room);
  socket.on('m', text => server.to(room).emit('m', text));
});
server.listen(Number(process.argv[2]));
