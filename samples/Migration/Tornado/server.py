"""A chat room: whoever connects receives the last 100 messages, and then every new one."""
import asyncio
import sys
from collections import defaultdict

import redis.asyncio
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

CAPACITY = 100
members = defaultdict(set)


class ChatHandler(WebSocketHandler):
    async def open(self, room):
        self.room, self.key = room, f"chat:{room}"
        for message in await self.settings["redis"].lrange(self.key, 0, -1):
            self.write_message(message)
        members[room].add(self)

    async def on_message(self, message):
        store = self.settings["redis"]
        await store.rpush(self.key, message)
        await store.ltrim(self.key, -CAPACITY, -1)
        for member in list(members[self.room]):
            try:
                member.write_message(message)
            except WebSocketClosedError:
                pass

    def on_close(self):
        members[self.room].discard(self)


async def main(port, redis_port):
    store = redis.asyncio.Redis(port=redis_port, decode_responses=True)
    Application([(r"/chat/([^/]+)", ChatHandler)], redis=store, websocket_ping_interval=20).listen(port, "127.0.0.1")
    print(f"Listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
