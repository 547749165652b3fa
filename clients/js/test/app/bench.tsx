import { useState } from 'react';
import { useChat, useRoom, type ChatView, type RoomView } from 'chatkit/react';

type Field = 'messages' | 'typing' | 'unread' | 'here' | 'state';

interface Shown {
  url: string | null;
  rooms: string[];
}

/** What the tests reach. */
export interface BenchState {
  show: (shown: Shown) => void;
  chat?: ChatView;
  views: Record<string, RoomView>;
  renders: Record<string, number>;
}

declare global {
  interface Window {
    bench: BenchState;
  }
}

const bench: BenchState = { show: () => {}, views: {}, renders: {} };
window.bench = bench;

/** Reads one field of a room, and nothing else. */
function Part({ chat, field, name }: { chat: ChatView; field: Field; name?: string }) {
  const room = useRoom(chat, name);
  const id = name ?? field;
  bench.views[id] = room;
  bench.renders[id] = (bench.renders[id] ?? 0) + 1;
  return <pre id={id}>{JSON.stringify(room[field])}</pre>;
}

function Connection({ url, rooms }: Shown) {
  const chat = useChat(url, { times: { backoff: 5, signal: 0 } });
  bench.chat = chat;
  bench.renders.chat = (bench.renders.chat ?? 0) + 1;
  const fields: Field[] = ['messages', 'typing', 'unread', 'here', 'state'];
  return (
    <>
      {fields.map((field) => <Part key={field} chat={chat} field={field} />)}
      {rooms.map((name) => <Part key={name} chat={chat} field="messages" name={name} />)}
    </>
  );
}

/** Each part of a room in a component of its own. */
export function Bench({ url }: { url: string }) {
  const [shown, show] = useState<Shown | undefined>({ url, rooms: [] });
  bench.show = show;
  return shown && <Connection {...shown} />;
}
