"""A RESP2 client of a few lines, for set-up and INFO only; load comes from elsewhere."""

import socket


class ReplyError(Exception):
    """The server answered with an error."""


class Client:
    def __init__(self, port, timeout_s=30, host="127.0.0.1"):
        self._socket = socket.create_connection((host, port), timeout_s)
        self._in = self._socket.makefile("rb")

    def close(self):
        self._in.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def call(self, *args):
        words = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self._reply()

    def info(self, section):
        """INFO as a dict of strings."""
        text = self.call("INFO", section)
        lines = text.decode(errors="replace").splitlines() if isinstance(text, bytes) else []
        return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))

    def _reply(self):
        line = self._in.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise ReplyError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if int(rest) < 0 else self._in.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if int(rest) < 0 else [self._reply() for _ in range(int(rest))]
        raise ConnectionError(f"not a reply: {line!r}")
