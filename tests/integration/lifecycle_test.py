#!/usr/bin/env python3
"""Start, stop, refusal to start, and configuration."""

import os
import shutil
import signal
import socket
import sys
import tempfile

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, Server, ServerTest, free_ports, is_basalt, main, run_to_exit
from contents import contents, difference, fill
from resp_client import Disconnected, Error

LOG = ["--appendonly", "yes", "--appendfsync", "everysec"]
SAVES = ["--appendonly", "no", "--save", "3600 1"]


class Stop(ServerTest):
    def check_saved_at(self, number, args):
        server = self.start(args=args)
        with server.client() as client:
            fill(client)
            before = contents(client)
        self.assertEqual(server.terminate(number), 0, server.log_tail())
        server.start(shards=3)
        with server.client() as client:
            self.assertEqual(difference(before, contents(client)), "")

    def test_sigterm_saves(self):
        self.check_saved_at(signal.SIGTERM, SAVES)

    def test_sigint_saves(self):
        self.check_saved_at(signal.SIGINT, SAVES)

    def test_sigterm_flushes_the_log(self):
        self.check_saved_at(signal.SIGTERM, LOG)

    def test_sigint_flushes_the_log(self):
        self.check_saved_at(signal.SIGINT, LOG)

    def test_sigterm_without_anything_to_save(self):
        self.assertEqual(self.start().terminate(), 0)

    def test_sigterm_with_clients_under_load(self):
        server = self.start(args=LOG)
        clients = [server.client() for _ in range(20)]
        for client in clients:
            client.send(b"PING\r\n" * 1000)
        self.assertEqual(server.terminate(), 0, server.log_tail())
        for client in clients:
            self.assertTrue(client.closed_by_server())
            client.close()

    def shutdown(self, server, *words):
        with server.client() as client:
            try:
                reply = client.call("SHUTDOWN", *words)
                self.fail("SHUTDOWN answered %r" % reply)
            except (Disconnected, ConnectionError):
                pass
        self.assertEqual(server.wait_exit(), 0)

    def test_shutdown_save(self):
        server = self.start(args=["--appendonly", "no"])
        server.call("SET", "a", "1")
        self.shutdown(server, "SAVE")
        server.start()
        self.assertEqual(server.call("GET", "a"), b"1")

    def test_shutdown_nosave(self):
        server = self.start(args=SAVES)
        server.call("SET", "a", "1")
        self.shutdown(server, "NOSAVE")
        server.start()
        self.assertIsNone(server.call("GET", "a"))

    def test_restart_with_the_same_port_at_once(self):
        server = self.start()
        clients = [server.client() for _ in range(10)]
        server.terminate()
        server.start(port=server.port)
        self.assertEqual(server.call("PING"), b"PONG")
        for client in clients:
            client.close()


class RefusedStart(ServerTest):
    def refused(self, *args, port=None):
        folder = tempfile.mkdtemp(prefix="basalt-test-")
        self.addCleanup(shutil.rmtree, folder)
        words = ["--port", port or free_ports(), "--bind", "127.0.0.1", "--save", ""]
        if "--dir" not in args:
            words += ["--dir", folder]
        code, output = run_to_exit(Options.server, words + list(args), cwd=folder)
        self.assertGreater(code, 0, "exit code %d\n%s" % (code, output))
        self.assertTrue(output.strip(), "not a word about why")
        return output.lower()

    def test_port_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            output = self.refused(port=port)
        self.assertIn(str(port), output)
        self.assertIn("in use", output)

    def test_unknown_option(self):
        self.assertIn("no-such-option", self.refused("--no-such-option", "1"))

    def test_bad_values(self):
        for name, value in (
            ("port", "99999"),
            ("port", "abc"),
            ("appendfsync", "sometimes"),
            ("appendonly", "perhaps"),
            ("maxmemory", "lots"),
            ("databases", "0"),
            ("save", "a b"),
            ("maxmemory-policy", "none"),
        ):
            with self.subTest(name=name, value=value):
                self.assertIn(name, self.refused("--" + name, value))

    def test_bad_shards(self):
        if not is_basalt(Options.server):
            self.skipTest("shards are Basalt's")
        for value in ("-1", "x", "100000"):
            with self.subTest(value=value):
                self.assertIn("shards", self.refused("--shards", value))

    def test_missing_config_file(self):
        code, output = run_to_exit(Options.server, ["/nonexistent/basalt.conf"])
        self.assertGreater(code, 0)
        self.assertIn("/nonexistent/basalt.conf", output)

    def test_folder_that_does_not_exist(self):
        self.assertIn("/nonexistent/folder", self.refused("--dir", "/nonexistent/folder"))

    def test_folder_that_is_a_file(self):
        with tempfile.NamedTemporaryFile() as file:
            self.refused("--dir", file.name)

    def test_folder_not_writable(self):
        # /proc refuses new files even to root.
        self.refused("--dir", "/proc/self", "--appendonly", "yes")

    def test_folder_of_a_running_instance(self):
        if not is_basalt(Options.server):
            self.skipTest("Redis does not look")
        server = self.start(args=["--appendonly", "yes", "--appendfsync", "always"])
        server.call("SET", "a", "1")
        output = self.refused("--dir", server.dir, "--appendonly", "yes")
        self.assertIn(server.dir, output)
        self.assertEqual(server.call("GET", "a"), b"1")
        server.kill()
        server.start()
        self.assertEqual(server.call("GET", "a"), b"1")

    def test_version_and_help(self):
        code, output = run_to_exit(Options.server, ["--version"])
        self.assertEqual(code, 0)
        self.assertRegex(output, r"v=?[0-9]+\.[0-9]+")
        code, output = run_to_exit(Options.server, ["--help"])
        self.assertIn("--port", output)


class Config(ServerTest):
    def get(self, server, pattern):
        reply = server.call("CONFIG", "GET", pattern)
        return {bytes(k).decode(): bytes(v).decode() for k, v in zip(reply[::2], reply[1::2])}

    def test_get(self):
        server = self.start(args=["--appendonly", "yes", "--maxmemory", "100mb"])
        self.assertEqual(self.get(server, "appendonly"), {"appendonly": "yes"})
        self.assertEqual(self.get(server, "maxmemory"), {"maxmemory": "104857600"})
        self.assertEqual(self.get(server, "port"), {"port": str(server.port)})
        self.assertEqual(self.get(server, "dir"), {"dir": server.dir})
        self.assertEqual(self.get(server, "no-such-thing"), {})
        self.assertLessEqual(
            {"hash-max-listpack-entries", "hash-max-listpack-value"},
            set(self.get(server, "hash-max-*")),
        )
        everything = self.get(server, "*")
        for name in (
            "save",
            "appendfsync",
            "maxmemory-policy",
            "maxclients",
            "timeout",
            "databases",
            "requirepass",
            "list-max-listpack-size",
            "set-max-intset-entries",
            "zset-max-listpack-entries",
            "slowlog-max-len",
            "tcp-keepalive",
            "proto-max-bulk-len",
            "notify-keyspace-events",
            "client-output-buffer-limit",
        ):
            self.assertIn(name, everything)
        both = server.call("CONFIG", "GET", "save", "appendonly")
        self.assertEqual(set(both[::2]), {b"save", b"appendonly"})

    def test_set(self):
        server = self.start()
        for name, value, shown in (
            ("maxmemory", "1gb", "1073741824"),
            ("maxmemory-policy", "allkeys-lru", "allkeys-lru"),
            ("hash-max-listpack-entries", "7", "7"),
            ("timeout", "100", "100"),
            ("save", "900 1 300 10", "900 1 300 10"),
            ("save", "", ""),
            ("appendfsync", "always", "always"),
            ("slowlog-log-slower-than", "5", "5"),
        ):
            self.assertEqual(server.call("CONFIG", "SET", name, value), b"OK", name)
            self.assertEqual(self.get(server, name), {name: shown})
        self.assertEqual(
            server.call("CONFIG", "SET", "timeout", "7", "maxmemory", "5000000"), b"OK"
        )
        self.assertEqual(self.get(server, "timeout"), {"timeout": "7"})

    def test_set_takes_effect_on_every_shard(self):
        server = self.start()
        server.call("CONFIG", "SET", "hash-max-listpack-entries", "2")
        with server.client() as client:
            for i in range(50):
                client.must("HSET", "h:%d" % i, "a", 1, "b", 2)
                self.assertEqual(client.call("OBJECT", "ENCODING", "h:%d" % i), b"listpack")
                client.must("HSET", "h:%d" % i, "c", 3)
                self.assertEqual(client.call("OBJECT", "ENCODING", "h:%d" % i), b"hashtable")

    def test_errors_as_redis(self):
        server, redis = self.start(), self.start(Options.redis)
        for command in (
            ("CONFIG",),
            ("CONFIG", "NOSUCH"),
            ("CONFIG", "GET"),
            ("CONFIG", "SET", "timeout"),
            ("CONFIG", "SET", "nosuch", "1"),
            ("CONFIG", "SET", "timeout", "abc"),
            ("CONFIG", "SET", "timeout", "-1"),
            ("CONFIG", "SET", "appendonly", "x"),
            ("CONFIG", "SET", "appendfsync", "x"),
            ("CONFIG", "SET", "maxmemory", "x"),
            ("CONFIG", "SET", "maxmemory-policy", "x"),
            ("CONFIG", "SET", "save", "x"),
            ("CONFIG", "SET", "databases", "3"),
            ("CONFIG", "SET", "port", "99999"),
            ("CONFIG", "SET", "timeout", "1", "timeout", "2"),
            ("CONFIG", "SET", "timeout", "1", "nosuch", "2"),
            ("CONFIG", "REWRITE"),
            ("CONFIG", "RESETSTAT", "x"),
            ("CONFIG", "RESETSTAT"),
        ):
            with self.subTest(command=command):
                self.assertEqual(server.call(*command), redis.call(*command))
        self.assertEqual(self.get(server, "timeout"), self.get(redis, "timeout"))

    def test_a_failed_set_changes_nothing(self):
        server = self.start()
        before = self.get(server, "*")
        self.assertIsInstance(
            server.call("CONFIG", "SET", "maxmemory", "123456", "timeout", "x"), Error
        )
        self.assertEqual(self.get(server, "*"), before)

    def test_file_and_rewrite(self):
        folder = tempfile.mkdtemp(prefix="basalt-test-")
        path = os.path.join(folder, "server.conf")
        port = free_ports()
        with open(path, "w") as file:
            file.write(
                "# a comment stays\nport %d\nbind 127.0.0.1\ndir %s\ntimeout 300\n" % (port, folder)
            )
            file.write('save 3600 1\nmaxmemory-policy "allkeys-lfu"\n')
        server = ConfiguredServer(Options.server, path, folder, port)
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(
            lambda: [os.remove(os.path.join(folder, name)) for name in os.listdir(folder)]
        )
        self.addCleanup(server.close)
        server.start(port=port)
        self.assertEqual(self.get(server, "timeout"), {"timeout": "300"})
        self.assertEqual(self.get(server, "maxmemory-policy"), {"maxmemory-policy": "allkeys-lfu"})
        server.call("CONFIG", "SET", "timeout", "77", "maxmemory", "200mb")
        self.assertEqual(server.call("CONFIG", "REWRITE"), b"OK")
        before = self.get(server, "*")
        server.terminate()
        with open(path) as file:
            text = file.read()
        self.assertIn("# a comment stays", text)
        self.assertIn("timeout 77", text)
        server.start(port=port)
        self.assertEqual(self.get(server, "*"), before)

    def test_arguments_come_before_the_file(self):
        folder = tempfile.mkdtemp(prefix="basalt-test-")
        path = os.path.join(folder, "server.conf")
        with open(path, "w") as file:
            file.write("timeout 300\nport 1\n")
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(
            lambda: [os.remove(os.path.join(folder, name)) for name in os.listdir(folder)]
        )
        port = free_ports()
        server = ConfiguredServer(
            Options.server,
            path,
            folder,
            port,
            ["--port", str(port), "--timeout", "5", "--dir", folder],
        )
        self.addCleanup(server.close)
        server.start(port=port)
        self.assertEqual(self.get(server, "timeout"), {"timeout": "5"})

    def test_config_from_stdin_and_includes(self):
        folder = tempfile.mkdtemp(prefix="basalt-test-")
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(
            lambda: [os.remove(os.path.join(folder, name)) for name in os.listdir(folder)]
        )
        port = free_ports()
        inner, outer = os.path.join(folder, "inner.conf"), os.path.join(folder, "outer.conf")
        with open(inner, "w") as file:
            file.write("timeout 123\n")
        with open(outer, "w") as file:
            file.write("include %s\nport %d\nbind 127.0.0.1\ndir %s\n" % (inner, port, folder))
        server = ConfiguredServer(Options.server, outer, folder, port)
        self.addCleanup(server.close)
        server.start(port=port)
        self.assertEqual(self.get(server, "timeout"), {"timeout": "123"})


class ConfiguredServer(Server):
    """Started with a configuration file instead of the harness's arguments."""

    def __init__(self, binary, config, folder, port, more=()):
        super().__init__(binary, folder=folder, start=False)
        self.config = config
        self.port = port
        self.more = list(more)

    def command_line(self):
        return [self.binary, self.config] + self.more


if __name__ == "__main__":
    main()
