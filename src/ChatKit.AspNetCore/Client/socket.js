/**
 * A transport: connects, passes on the frames of the server and the end of the connection, and returns a function that sends a frame. `hear` takes
 * anything that shows that the server is there, and `end` takes `{ code, reason }`. The signal closes the connection. The other transports are in
 * chatkit.fallback.js.
 */
export function webSocket({ url, token, signal, connection, hear, end }) {
  // URLs are logged, so they must not contain a token.
  const socket = new (connection.WebSocket ?? WebSocket)(url, token ? ['chatkit.v1', `bearer.${token}`] : 'chatkit.v1');
  // The package `ws` knows no signals, and throws errors that nobody listens to.
  const close = (event) => signal.aborted || end(event);
  socket.onmessage = ({ data }) => signal.aborted || hear(data);
  socket.onclose = close;
  // Before Node.js 24, nothing follows an error of the handshake. Elsewhere, the same end does.
  socket.onerror = () => close({ code: 1006, reason: '' });
  signal.addEventListener('abort', () => socket.close(1000));
  return (frame) => socket.send(frame);
}
