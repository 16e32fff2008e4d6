"""Starting and stopping the servers under test: one process, one port, one temporary folder each.

A server is stopped by the process id it was started with, and dies with this program if that is killed.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

from . import resp

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class ServerSpec:
    label: str  # as shown
    kind: str  # a key of COMMAND_LINES
    path: str
    extra: tuple = field(default=())

    @property
    def stores(self):
        return self.kind != "floor"

    @property
    def has_aof(self):
        return self.kind in ("redis", "valkey", "basalt")


def _redis_like(path, port, folder, aof):
    on = "no" if aof == "off" else "yes"
    sync = "everysec" if aof == "off" else aof
    return [path, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "",
            "--appendonly", on, "--appendfsync", sync, "--auto-aof-rewrite-percentage", "0"]


COMMAND_LINES = {
    "redis": _redis_like,
    "valkey": _redis_like,
    "basalt": _redis_like,
    "dragonfly": lambda path, port, folder, aof: [
        path, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--dbfilename", "",
        "--proactor_threads", "1", "--logtostderr"],
    "pogocache": lambda path, port, folder, aof: [path, "-h", "127.0.0.1", "-p", str(port), "--threads", "1"],
    "floor": lambda path, port, folder, aof: [path, "--port", str(port)],
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(cores):
    """The words that keep a command on `cores`; none when it may run anywhere."""
    return ["taskset", "-c", cores] if cores else []


def child_setup(realtime):
    libc = ctypes.CDLL(None)

    def setup():
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if realtime:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))

    return setup


class Server:
    """A running server; use as a context manager."""

    def __init__(self, spec, aof="off", cores="", realtime=False, parent=None, prefix=(), patience_s=30):
        self.spec, self.aof = spec, aof
        self._cores, self._realtime, self._prefix, self._patience_s = cores, realtime, list(prefix), patience_s
        self._parent = parent
        self.folder = self.process = self.port = None

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix=f"bench-{self.spec.kind}-", dir=self._parent)
        return self._start()

    def restart(self):
        """Stops the server and starts it on what it has left in its folder. Returns once it answers."""
        self.stop()
        self._log.close()
        self._start()

    def _start(self):
        self.port = free_port()
        command = COMMAND_LINES[self.spec.kind](self.spec.path, self.port, self.folder, self.aof)
        self._log = open(os.path.join(self.folder, "output.log"), "ab")
        self.process = subprocess.Popen(
            pinned(self._cores) + self._prefix + command + list(self.spec.extra), stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=subprocess.STDOUT, cwd=self.folder, preexec_fn=child_setup(self._realtime))
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pause(self):
        """Not a cycle is used until resume(), so that an idle server does not disturb the one being measured."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process.poll() is not None:
            return
        self.resume()
        if self._prefix:
            self._ask_to_stop()
        else:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _ask_to_stop(self):
        """valgrind holds signals back while the server waits for I/O through io_uring; a command gets through."""
        try:
            with self.client() as client:
                client.call("SHUTDOWN", "NOSAVE")
        except (OSError, resp.ReplyError):
            pass  # the connection ends instead of a reply

    def prepare(self, command):
        """Sends the setup of a workload. A server that refuses it answers the workload with errors: mark E."""
        if command and self.spec.stores:
            with contextlib.suppress(resp.ReplyError), self.client() as client:
                client.call(*command)

    def client(self):
        return resp.Client(self.port)

    def _wait_until_ready(self):
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                with resp.Client(self.port, 5) as client:
                    if client.call("PING") == "PONG":
                        return self._check_aof(client)
            except (OSError, resp.ReplyError):
                pass  # not listening yet, or loading
            if self.process.poll() is not None or time.monotonic() > deadline:
                self._log.flush()
                log = pathlib.Path(self._log.name).read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.spec.label} did not start: {' '.join(self.process.args)}\n{log}")
            time.sleep(0.02)

    def _check_aof(self, client):
        """A server that ignores the flags would be measured with a durability it does not have."""
        if self.aof == "off":
            return
        for name, want in (("appendonly", "yes"), ("appendfsync", self.aof)):
            got = client.call("CONFIG", "GET", name)
            if not got or got[1].decode() != want:
                raise RuntimeError(f"{self.spec.label}: {name} is {got}, not {want}")


def version(spec):
    """The first line that the program prints about itself, or a dash."""
    if spec.kind == "floor":
        return "-"
    try:
        done = subprocess.run([spec.path, "--version"], capture_output=True, timeout=10, text=True)
        return (done.stdout or done.stderr).splitlines()[0].strip()
    except (OSError, subprocess.SubprocessError, IndexError):
        return "-"
