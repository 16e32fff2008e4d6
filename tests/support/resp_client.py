"""A small, fast RESP2/RESP3 client for the tests.

Nothing is hidden: an error is returned as a value (`Error`), a status as `Status`, and the bytes of
every reply are at hand, so a test can hold two servers' answers against each other byte by byte.

One thread per client. A reply that does not come within `timeout` seconds raises `socket.timeout`
(TimeoutError).
"""

import select
import socket

CRLF = b"\r\n"
RECEIVE_BYTES = 1 << 18
# A payload up to this size is sent at once; a longer one is sent while replies are being read, so
# that neither side can block the other.
SEND_AT_ONCE_BYTES = 1 << 16


class Status(bytes):
    """A simple string: +OK."""


class Error(bytes):
    """An error: -ERR …, without the minus."""


class Double(bytes):
    """A RESP3 double, as its text."""


class Verbatim(bytes):
    """A RESP3 verbatim string, with its three letter format."""


class Push(list):
    """A RESP3 push message."""


class SetReply(list):
    """A RESP3 set, in the server's order."""


class MapReply(list):
    """A RESP3 map, as a list of (key, value) in the server's order."""

    def get(self, name, default=None):
        for key, value in self:
            if key == name:
                return value
        return default


class Disconnected(Exception):
    """The server closed the connection."""


def to_bytes(arg):
    if isinstance(arg, bytes):
        return arg
    if isinstance(arg, str):
        return arg.encode()
    return str(arg).encode()


def encode(args):
    """One command as a RESP array of bulk strings."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        arg = to_bytes(arg)
        parts.append(b"$%d\r\n%b\r\n" % (len(arg), arg))
    return b"".join(parts)


def reply_end(buf, pos):
    """The position after the reply that starts at `pos`, or -1 while it is incomplete."""
    pending = 1
    size = len(buf)
    while pending:
        eol = buf.find(CRLF, pos)
        if eol < 0:
            return -1
        kind = buf[pos]
        pos_next = eol + 2
        if kind == 36 or kind == 61 or kind == 33:  # $ = !
            length = int(buf[pos + 1 : eol])
            if length >= 0:
                pos_next += length + 2
                if pos_next > size:
                    return -1
        elif kind == 42 or kind == 126 or kind == 62:  # * ~ >
            count = int(buf[pos + 1 : eol])
            if count > 0:
                pending += count
        elif kind == 37:  # %
            pending += 2 * int(buf[pos + 1 : eol])
        elif kind not in b"+-:,_#(":
            raise ValueError("not a RESP reply: %r" % bytes(buf[pos : pos + 60]))
        pos = pos_next
        pending -= 1
    return pos


def parse(buf, pos=0):
    """(value, position after it) of a complete reply."""
    eol = buf.index(CRLF, pos)
    kind = bytes(buf[pos : pos + 1])
    text = bytes(buf[pos + 1 : eol])
    pos = eol + 2
    if kind == b"$" or kind == b"=" or kind == b"!":
        length = int(text)
        if length < 0:
            return None, pos
        body = bytes(buf[pos : pos + length])
        wrap = {b"$": bytes, b"=": Verbatim, b"!": Error}[kind]
        return wrap(body), pos + length + 2
    if kind == b":":
        return int(text), pos
    if kind == b"+":
        return Status(text), pos
    if kind == b"-":
        return Error(text), pos
    if kind in (b"*", b"~", b">"):
        count = int(text)
        if count < 0:
            return None, pos
        items = {b"*": list, b"~": SetReply, b">": Push}[kind]()
        for _ in range(count):
            item, pos = parse(buf, pos)
            items.append(item)
        return items, pos
    if kind == b"%":
        pairs = MapReply()
        for _ in range(int(text)):
            key, pos = parse(buf, pos)
            value, pos = parse(buf, pos)
            pairs.append((key, value))
        return pairs, pos
    if kind == b"_":
        return None, pos
    if kind == b"#":
        return text == b"t", pos
    if kind == b",":
        return Double(text), pos
    if kind == b"(":
        return int(text), pos
    raise ValueError("not a RESP reply: %r" % bytes(kind + text))


class Client:
    def __init__(self, port, host="127.0.0.1", timeout=20.0, resp=2):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout
        self.buf = bytearray()
        if resp == 3:
            self.must("HELLO", 3)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.sock.close()

    # --- one command ------------------------------------------------------------------------------

    def call(self, *args):
        """The reply of one command; an error reply is returned, not raised."""
        self.sock.sendall(encode(args))
        return self.read()

    def must(self, *args):
        """As call(), but an error reply fails the test."""
        reply = self.call(*args)
        if isinstance(reply, Error):
            raise AssertionError(
                "%s -> %s" % (b" ".join(map(to_bytes, args))[:200], reply.decode("latin1"))
            )
        return reply

    # --- pipelines --------------------------------------------------------------------------------

    def pipeline(self, commands):
        """Sends all commands, then returns their replies in order."""
        return [
            parse(raw)[0]
            for raw in self.pipeline_raw(b"".join(map(encode, commands)), len(commands))
        ]

    def pipeline_raw(self, payload, count):
        """Sends `payload` and returns the bytes of the next `count` replies."""
        if len(payload) <= SEND_AT_ONCE_BYTES:
            self.sock.sendall(payload)
        else:
            self._send_while_reading(payload)
        return self.read_raw(count)

    def send(self, payload):
        if len(payload) <= SEND_AT_ONCE_BYTES:
            self.sock.sendall(payload)
        else:
            self._send_while_reading(payload)

    def _send_while_reading(self, payload):
        view = memoryview(payload)
        self.sock.setblocking(False)
        try:
            while view:
                readable, writable, _ = select.select([self.sock], [self.sock], [], self.timeout)
                if not readable and not writable:
                    raise TimeoutError("the server neither reads nor answers")
                if readable:
                    data = self.sock.recv(RECEIVE_BYTES)
                    if not data:
                        raise Disconnected()
                    self.buf += data
                if writable:
                    try:
                        view = view[self.sock.send(view) :]
                    except BlockingIOError:
                        pass
        finally:
            self.sock.settimeout(self.timeout)

    # --- reading ----------------------------------------------------------------------------------

    def _fill(self):
        data = self.sock.recv(RECEIVE_BYTES)
        if not data:
            raise Disconnected()
        self.buf += data

    def read_raw(self, count):
        """The bytes of the next `count` replies."""
        replies = []
        pos = 0
        while len(replies) < count:
            end = reply_end(self.buf, pos) if pos < len(self.buf) else -1
            if end < 0:
                self._fill_for(pos)
                continue
            replies.append(bytes(self.buf[pos:end]))
            pos = end
        del self.buf[:pos]
        return replies

    def _fill_for(self, pos):
        """Receives more; a long bulk string is received whole before it is looked at again."""
        buf = self.buf
        wanted = len(buf) + 1
        if pos < len(buf) and buf[pos] == 36:
            eol = buf.find(CRLF, pos)
            if eol > 0:
                wanted = eol + 4 + int(buf[pos + 1 : eol])
        while len(self.buf) < wanted:
            self._fill()

    def read(self):
        return parse(self.read_raw(1)[0])[0]

    def closed_by_server(self, within_s=5.0):
        """True if the server closes this connection in time (what it still sends is dropped)."""
        self.sock.settimeout(within_s)
        try:
            while True:
                if not self.sock.recv(RECEIVE_BYTES):
                    return True
        except (ConnectionError, OSError) as error:
            return not isinstance(error, TimeoutError)
        finally:
            self.sock.settimeout(self.timeout)
