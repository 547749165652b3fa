// What must compile, and what must not.

import { connect, type Ack, type Chat, type ChatOptions } from 'chatkit';
import { useChat, useRoom, type RoomView } from 'chatkit/react';
import { WebSocket as Ws } from 'ws';

const chat: Chat = connect(new URL('wss://example.com/chat/lobby'), { WebSocket: Ws, storage: null });
const home: string | undefined = chat.home;
const options: ChatOptions = { WebSocket, token: async () => 'token' };

export function Component() {
  const view = useChat(home, options);
  const room: RoomView = useRoom(view, 'team-7');
  const sent: Promise<Ack> = room.send({ kind: 'poll' });
  const missed: number | undefined = room.messages[0]?.gap?.missed;
  // @ts-expect-error What a component is shown can't be changed.
  room.messages.push();
  // @ts-expect-error A number is no content.
  void room.send(1);
  // @ts-expect-error The chat comes from useChat.
  useRoom('lobby');
  return [sent, missed];
}
