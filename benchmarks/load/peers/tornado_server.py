"""Tornado: a set of handlers for each room, and a loop that sends to each."""
import asyncio
import sys
from collections import defaultdict

from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

rooms = defaultdict(set)


class ChatHandler(WebSocketHandler):
    def open(self, room):
        self.set_nodelay(True)
        self.room = room
        rooms[room].add(self)

    def on_message(self, message):
        for member in rooms[self.room]:
            try:
                member.write_message(message)
            except WebSocketClosedError:
                pass

    def on_close(self):
        rooms[self.room].discard(self)
        if not rooms[self.room]:
            del rooms[self.room]


async def main():
    Application([(r"/chat/(.+)", ChatHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
