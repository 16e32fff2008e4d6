"""Many connections at once from one thread, each sending its own bytes and reading its own replies.
"""

import selectors
import socket
import time

from resp_client import RECEIVE_BYTES, parse, reply_end


class Member:
    """One connection: `payload` to send, `expected` replies to read."""

    def __init__(self, port, payload, expected):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock.setblocking(False)
        self.unsent = memoryview(payload)
        self.expected = expected
        self.buf = bytearray()
        self.at = 0
        self.replies = []
        self.closed = False

    def send_some(self):
        try:
            self.unsent = self.unsent[self.sock.send(self.unsent[: 1 << 18]) :]
        except BlockingIOError:
            pass

    def read_some(self):
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return
        self.buf += data
        while len(self.replies) < self.expected and self.at < len(self.buf):
            end = reply_end(self.buf, self.at)
            if end < 0:
                break
            self.replies.append(parse(self.buf, self.at)[0])
            self.at = end
        del self.buf[: self.at]
        self.at = 0

    def done(self):
        return self.closed or (not self.unsent and len(self.replies) >= self.expected)


class Swarm:
    def __init__(self, port):
        self.port = port
        self.members = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for member in self.members:
            member.sock.close()

    def add(self, payload, expected):
        self.members.append(Member(self.port, payload, expected))

    def run(self, within_s=60.0):
        """Until every member has all of its replies or was disconnected; the members that are not
        done by then.
        """
        deadline = time.monotonic() + within_s
        with selectors.DefaultSelector() as selector:
            busy = set()
            for member in self.members:
                if not member.done():
                    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if member.unsent else 0)
                    selector.register(member.sock, events, member)
                    busy.add(member)
            while busy and time.monotonic() < deadline:
                for key, events in selector.select(1.0):
                    self.step(selector, key.data, events)
                    if key.data.done():
                        selector.unregister(key.data.sock)
                        busy.discard(key.data)
        return busy

    def step(self, selector, member, events):
        if events & selectors.EVENT_WRITE:
            member.send_some()
            if not member.unsent:
                selector.modify(member.sock, selectors.EVENT_READ, member)
        if events & selectors.EVENT_READ:
            member.read_some()
