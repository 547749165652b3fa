import { StrictMode, version } from 'react';
import { createRoot } from 'react-dom/client';
import { Bench } from './bench.js';
import { ChatRoom } from './docs/ChatRoom.js'; // the component of docs/javascript-client.md

document.title = `React ${version}`;
const parameters = new URLSearchParams(location.search);
const url = `/chat/${parameters.get('room')}?name=${parameters.get('user')}`;

createRoot(document.getElementById('root')!).render(
  <StrictMode>{parameters.has('bench') ? <Bench url={url} /> : <ChatRoom url={url} />}</StrictMode>,
);
