"""Starts and stops servers for the tests: basalt-server or redis-server, each on a free port in a
folder of its own.

    with Server(options.server, shards=4) as server:
        client = server.client()

Readiness is a PONG before a deadline, never a fixed sleep. A process is signalled by its pid only.
Leaving the `with` block kills the process and removes the folder, unless BASALT_TEST_KEEP is set. A
test program ends with `main()`, which takes --server, --redis and --shards before unittest's own
arguments.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from resp_client import Client, Disconnected, Error

REDIS = "/usr/bin/redis-server"
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
LOG_TAIL_LINES = 40


class StartFailed(Exception):
    """The server ended, or stayed silent, instead of answering PING."""

    def __init__(self, message, exit_code, log):
        super().__init__("%s (exit code %s)\n%s" % (message, exit_code, log))
        self.exit_code = exit_code
        self.log = log


def free_ports(count=1):
    """The first of `count` consecutive ports that are free right now. Below the kernel's range for
    outgoing ports.
    """
    for _ in range(200):
        first = random.SystemRandom().randrange(15000, 31000)
        held = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                held.append(probe)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in held:
                probe.close()
    raise RuntimeError("no free ports")


def wait_until(condition, within_s=20.0, what="the condition", every_s=0.01):
    """Polls until condition() is true and returns its value; fails after the deadline."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("%s did not come true within %.0f s" % (what, within_s))
        time.sleep(every_s)


def is_basalt(binary):
    return os.path.basename(binary) not in ("redis-server", "valkey-server")


class Server:
    """One server process and its folder. The folder outlives restarts and goes with close()."""

    def __init__(self, binary, shards=None, args=(), folder=None, name=None, start=True):
        self.binary = binary
        self.basalt = is_basalt(binary)
        self.shards = shards
        self.args = list(args)
        self.name = name or os.path.basename(binary)
        self.own_folder = folder is None
        self.dir = folder or tempfile.mkdtemp(prefix="basalt-test-")
        self.log_path = os.path.join(self.dir, "server.log")
        self.port = None
        self.shard_port_base = None
        self.process = None
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # --- life -------------------------------------------------------------------------------------

    def command_line(self):
        line = [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.dir]
        if self.basalt and self.shards:
            line += ["--shards", str(self.shards)]
        if self.basalt and self.shard_port_base:
            line += ["--shard-port-base", str(self.shard_port_base)]
        if "--save" not in self.args:
            line += ["--save", ""]
        return line + self.args

    def start(self, shards=None, args=None, port=None, core_ports=False, within_s=READY_WITHIN_S):
        """Starts the process and waits until it answers PING. Raises StartFailed."""
        if shards is not None:
            self.shards = shards
        if args is not None:
            self.args = list(args)
        first = port or free_ports(1 + (self.shards or 1 if core_ports else 0))
        self.port = first
        self.shard_port_base = first + 1 if core_ports else None
        self.spawn()
        self.wait_ready(within_s)
        return self

    def spawn(self):
        with open(self.log_path, "ab") as log:
            log.write(b"--- %s\n" % " ".join(self.command_line()).encode())
            log.flush()
            self.process = subprocess.Popen(
                self.command_line(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.dir,
                env=dict(os.environ, LC_ALL="C"),
            )

    def wait_ready(self, within_s=READY_WITHIN_S):
        deadline = time.monotonic() + within_s
        pause_s = 0.002
        while True:
            code = self.process.poll()
            if code is not None:
                raise StartFailed("%s ended at start" % self.name, code, self.log_tail())
            try:
                with Client(self.port, timeout=5.0) as client:
                    reply = client.call("PING")
                if not isinstance(reply, Error) or reply.startswith(b"NOAUTH"):
                    return
            except (OSError, Disconnected):
                pass
            if time.monotonic() > deadline:
                raise StartFailed("%s does not answer PING" % self.name, None, self.log_tail())
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.05)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def send_signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        """SIGKILL, as a crash would."""
        if self.running():
            self.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def terminate(self, number=signal.SIGTERM, within_s=STOP_WITHIN_S):
        """A polite stop; returns the exit code."""
        if self.running():
            self.send_signal(number)
        return self.wait_exit(within_s)

    def wait_exit(self, within_s=STOP_WITHIN_S):
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            tail = self.log_tail()
            self.kill()
            raise AssertionError(
                "%s did not end within %.0f s\n%s" % (self.name, within_s, tail)
            ) from None

    def close(self):
        self.kill()
        if self.own_folder and not os.environ.get("BASALT_TEST_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        elif self.own_folder:
            print("kept: %s" % self.dir, file=sys.stderr)

    # --- looking at it ----------------------------------------------------------------------------

    def client(self, **options):
        return Client(self.port, **options)

    def call(self, *args):
        """One command on a connection of its own."""
        with self.client() as client:
            return client.call(*args)

    def info(self, section="all"):
        """INFO as a dict of str."""
        text = bytes(self.call("INFO", section)).decode()
        return dict(
            line.split(":", 1)
            for line in text.splitlines()
            if ":" in line and not line.startswith("#")
        )

    def log_text(self):
        try:
            with open(self.log_path, errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    def log_tail(self, lines=LOG_TAIL_LINES):
        return "".join("  | %s\n" % line for line in self.log_text().splitlines()[-lines:])

    def cpu_seconds(self):
        """User and system time that the process has used."""
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))


def run_to_exit(binary, args, within_s=20.0, cwd=None):
    """Runs a server that is expected to end by itself; (exit code, everything it printed)."""
    process = subprocess.Popen(
        [binary] + [str(arg) for arg in args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
    )
    try:
        output, _ = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        raise AssertionError(
            "%s was expected to refuse to start, but runs\n%s"
            % (binary, output.decode(errors="replace"))
        ) from None
    return process.returncode, output.decode(errors="replace")


# --- unittest -------------------------------------------------------------------------------------


class Options:
    """What the command line said; set by main()."""

    server = REDIS
    redis = REDIS
    shards = 4


class ServerTest(unittest.TestCase):
    """A test case with servers that are closed at its end; their logs' tails are shown when it
    fails.
    """

    def start(self, binary=None, **options):
        options.setdefault("shards", Options.shards)
        start = options.pop("start", True)
        core_ports = options.pop("core_ports", False)
        server = Server(binary or Options.server, start=False, **options)
        self.addCleanup(self._finish, server)
        if start:
            server.start(core_ports=core_ports)
        return server

    def _finish(self, server):
        if not self._outcome.success:
            print(
                "\n%s: log of %s\n%s" % (self.id(), server.name, server.log_tail()), file=sys.stderr
            )
        server.close()


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--server", default=Options.server, help="the binary under test")
    parser.add_argument("--redis", default=Options.redis, help="the reference")
    parser.add_argument("--shards", type=int, default=Options.shards)
    known, rest = parser.parse_known_args()
    Options.server = os.path.abspath(known.server)
    Options.redis = known.redis
    Options.shards = known.shards
    unittest.main(argv=[sys.argv[0]] + rest, verbosity=2)
