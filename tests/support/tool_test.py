"""What tests of the programs beside the server share: running them, and directories to run them on."""

import glob
import json
import os
import shutil
import subprocess
import tempfile

from basalt_harness import Options, Server, ServerTest, is_basalt
from contents import contents, fill

ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"]
TIMED = ALWAYS + ["--aof-timestamp-enabled", "yes"]
NO_LOG = ["--appendonly", "no"]
CLEAN, PROBLEMS, USAGE, CANNOT, IN_USE = range(5)
KEYS = 200


def tool(name):
    return os.path.join(os.path.dirname(Options.server), "basalt-" + name)


def run(command, text=None, within_s=120.0):
    """(exit code, standard output, standard error); `text`, bytes, is its standard input."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text,
        capture_output=True,
        timeout=within_s,
        check=False,
    )
    return (
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


class ToolTest(ServerTest):
    def setUp(self):
        if not is_basalt(Options.server):
            self.skipTest("the tools are Basalt's")

    def run_tool(self, name, *words, code=CLEAN):
        got, out, err = run([tool(name), *words])
        self.assertEqual(got, code, "%s %s\n%s%s" % (name, words, out, err))
        return out + err

    def run_json(self, name, *words, code=CLEAN):
        got, out, err = run([tool(name), "--json", *words])
        self.assertEqual(got, code, "%s %s\n%s%s" % (name, words, out, err))
        return json.loads(out)

    def folder(self):
        path = tempfile.mkdtemp(prefix="basalt-tools-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def log_of(self, server):
        return os.path.join(server.dir, "appendonlydir")

    def log_files(self, server):
        return sorted(glob.glob(os.path.join(self.log_of(server), "*.incr.aof")))

    def file_with(self, server, text):
        for path in self.log_files(server):
            with open(path, "rb") as file:
                data = file.read()
            if text in data:
                return path, data
        raise AssertionError("%r is in no log file" % text)

    def killed_after_last_value(self):
        """(server, its last log file, the bytes in it, where in them the value of its last SET begins)"""
        server = self.filled(shards=1)
        server.call("SET", "last", "the-last-value")
        server.kill()
        path, data = self.file_with(server, b"the-last-value")
        return server, path, data, data.index(b"the-last-value")

    def write_keys(self, server, first=0, last=KEYS):
        with server.client() as client:
            for i in range(first, last):
                client.must("SET", "key:%d" % i, "value-%d" % i)

    def filled(self, args=ALWAYS, shards=3):
        server = self.start(args=args, shards=shards)
        self.write_keys(server)
        return server

    def flip(self, server, text):
        path, data = self.file_with(server, text)
        at = data.index(text)
        damaged = bytearray(data)
        damaged[at] ^= 0x40
        with open(path, "wb") as file:
            file.write(damaged)
        return os.path.basename(path), at

    def keys_of_log(self, folder):
        """The keys that a server loads from this log folder."""
        data = self.folder()
        shutil.copytree(folder, os.path.join(data, "appendonlydir"))
        with Server(Options.server, shards=2, args=ALWAYS, folder=data) as server:
            with server.client() as client:
                return sorted(bytes(key) for key in client.must("KEYS", "*"))

    def contents_of(self, server):
        with server.client(timeout=60) as client:
            return contents(client)

    def fill_server(self, server):
        with server.client(timeout=60) as client:
            fill(client)
        return self.contents_of(server)
