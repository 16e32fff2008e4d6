#!/usr/bin/env python3
"""Scripts and functions over several shards: what one shard knows all know, keys nobody declared,
effects that are one group in the log, functions over restarts, and scripts that do not end.
"""

import os
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, ServerTest, main, wait_until
from resp_client import Disconnected, Error, encode

# Keys of many slots, hence of all shards.
KEYS = ["key:%d" % i for i in range(40)]
LOG = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
LIBRARY = """#!lua name=counters
redis.register_function('bump', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='read', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}
"""


class Caching(ServerTest):
    def test_what_one_shard_ran_every_shard_knows(self):
        server = self.start()
        with server.client() as client:
            sha = client.must("SCRIPT", "LOAD", "return {KEYS[1], redis.call('INCR', KEYS[1])}")
            for key in KEYS:
                self.assertEqual(client.must("EVALSHA", sha, 1, key), [key.encode(), 1])
            client.must("EVAL", "return 'once'", 1, KEYS[0])
            other = client.must("SCRIPT", "LOAD", "return 'once'")
            for key in KEYS:
                self.assertEqual(client.must("EVALSHA", other, 1, key), b"once")
            client.must("SCRIPT", "FLUSH")
            for key in KEYS:
                reply = client.call("EVALSHA", sha, 1, key)
                self.assertIsInstance(reply, Error)
                self.assertTrue(reply.startswith(b"NOSCRIPT"))

    def test_functions_are_on_every_shard_at_once(self):
        server = self.start()
        with server.client() as client:
            client.must("FUNCTION", "LOAD", LIBRARY)
            for key in KEYS:
                self.assertEqual(client.must("FCALL", "bump", 1, key, 5), 5)
                self.assertEqual(client.must("FCALL_RO", "read", 1, key), b"5")
            client.must("FUNCTION", "LOAD", "REPLACE", LIBRARY.replace("INCRBY", "DECRBY"))
            for key in KEYS:
                self.assertEqual(client.must("FCALL", "bump", 1, key, 5), 0)
            client.must("FUNCTION", "DELETE", "counters")
            for key in KEYS:
                self.assertIsInstance(client.call("FCALL", "bump", 1, key, 5), Error)


class Reach(ServerTest):
    """Keys that a script did not declare, on whatever shard."""

    def test_undeclared_keys(self):
        server = self.start()
        with server.client() as client:
            code = "for i = 0, 39 do redis.call('SET', 'key:' .. i, ARGV[1]) end return redis.call('GET', 'key:7')"
            for value in (b"a", b"b", b"c"):
                self.assertEqual(client.must("EVAL", code, 0, value), value)
                self.assertEqual(client.must("MGET", *KEYS), [value] * len(KEYS))

    def test_what_was_begun_before_is_taken_back(self):
        server = self.start()
        with server.client() as client:
            # Every run counts; one that is begun again must not count twice.
            for i, key in enumerate(KEYS):
                code = "redis.call('INCR', KEYS[1]) redis.call('RPUSH', 'list:' .. KEYS[1], ARGV[1]) return %d" % i
                self.assertEqual(client.must("EVAL", code, 1, key, "x"), i)
            self.assertEqual(client.must("MGET", *KEYS), [b"1"] * len(KEYS))
            for key in KEYS:
                self.assertEqual(client.must("LRANGE", "list:" + key, 0, -1), [b"x"])

    def test_pcall_does_not_stop_it(self):
        server = self.start()
        with server.client() as client:
            code = """
                local n = 0
                for i = 0, 39 do
                  local ok = pcall(function() redis.call('INCR', 'key:' .. i) end)
                  local co = coroutine.create(function() redis.call('INCR', 'key:' .. i) end)
                  local resumed = coroutine.resume(co)
                  if ok and resumed then n = n + 1 end
                end
                return n
            """
            self.assertEqual(client.must("EVAL", code, 0), 40)
            self.assertEqual(client.must("MGET", *KEYS), [b"2"] * len(KEYS))

    def test_keys_on_several_shards(self):
        server = self.start()
        with server.client() as client:
            code = "for i, key in ipairs(KEYS) do redis.call('SET', key, i) end return #KEYS"
            self.assertEqual(client.must("EVAL", code, len(KEYS), *KEYS), len(KEYS))
            self.assertEqual(client.must("GET", KEYS[-1]), b"%d" % len(KEYS))
            self.assertEqual(client.must("EVAL", "return redis.call('DBSIZE')", 0), len(KEYS))
            self.assertEqual(client.must("EVAL", "redis.call('FLUSHALL') return redis.call('DBSIZE')", 0), 0)

    def test_what_is_pipelined_behind_a_script_keeps_its_place(self):
        """The script must not let go of a connection that a command behind it has stopped."""
        for shards in (1, 4):
            with self.start(shards=shards) as server, server.client() as client:
                commands = [
                    ("EVAL", "return redis.call('SET', KEYS[1], 'x')", 1, "k"),
                    ("BLPOP", "nothing", "0.05"),
                    ("GET", "k"),
                    ("EVAL", "return redis.call('GET', 'a') or redis.call('GET', 'b') or 1", 0),
                    ("MGET", "k", "a", "b"),
                    ("BRPOP", "nothing", "0.05"),
                    ("ECHO", "end"),
                ]
                self.assertEqual(
                    client.pipeline(commands), [b"OK", None, b"x", 1, [b"x", None, None], None, b"end"]
                )

    def test_scripts_are_atomic(self):
        server = self.start()
        transfer = """
            local from, to = 'key:' .. ARGV[1], 'key:' .. ARGV[2]
            redis.call('DECRBY', from, ARGV[3])
            redis.call('INCRBY', to, ARGV[3])
            return 1
        """
        failures = []

        def work(seed):
            try:
                with server.client() as client:
                    for i in range(25):
                        client.must("EVAL", transfer, 0, (seed * 7 + i) % 40, (seed + i * 3) % 40, i)
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        with server.client() as client:
            total = "local sum = 0 for i = 0, 39 do sum = sum + (tonumber(redis.call('GET', 'key:' .. i) or 0)) end return sum"
            while any(thread.is_alive() for thread in threads):
                self.assertEqual(client.must("EVAL", total, 0), 0)
                values = client.must("MGET", *KEYS)
                self.assertEqual(sum(int(v or 0) for v in values), 0)
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_in_transactions(self):
        server = self.start()
        with server.client() as client:
            client.must("MULTI")
            client.must("SET", "a", 1)
            client.must("EVAL", "redis.call('SET', 'b', 2) return redis.call('GET', 'a')", 0)
            client.must("GET", "b")
            self.assertEqual(client.must("EXEC"), [b"OK", b"1", b"2"])


class Persistence(ServerTest):
    def test_effects_survive_as_one(self):
        server = self.start(args=LOG)
        with server.client() as client:
            client.must("EVAL", "for i, key in ipairs(KEYS) do redis.call('SET', key, 'v', 'EX', 1000) end", len(KEYS), *KEYS)
            client.must("EVAL", "redis.call('SET', KEYS[1], 1) redis.call('INCRBYFLOAT', KEYS[1], 0.5)", 1, "float")
            client.must("EVAL", "for i = 1, 50 do redis.call('RPUSH', KEYS[1], i) end", 1, "list")
        server.kill()
        server.start()
        with server.client() as client:
            self.assertEqual(client.must("MGET", *KEYS), [b"v"] * len(KEYS))
            self.assertGreater(client.must("TTL", KEYS[3]), 900)
            self.assertEqual(client.must("GET", "float"), b"1.5")
            self.assertEqual(client.must("LLEN", "list"), 50)

    def check_functions(self, server):
        with server.client() as client:
            libraries = client.must("FUNCTION", "LIST", "WITHCODE")
            self.assertEqual(len(libraries), 1)
            for key in KEYS:
                client.must("DEL", key)
                self.assertEqual(client.must("FCALL", "bump", 1, key, 2), 2)

    def test_functions_come_back_from_the_log(self):
        server = self.start(args=LOG)
        with server.client() as client:
            client.must("FUNCTION", "LOAD", "#!lua name=gone\nredis.register_function('x', function() end)")
            client.must("FUNCTION", "LOAD", LIBRARY)
            client.must("FUNCTION", "DELETE", "gone")
        for shards in (Options.shards, 2, 3):
            server.kill()
            server.start(shards=shards)
            self.check_functions(server)

    def test_functions_come_back_from_a_rewritten_log(self):
        server = self.start(args=LOG)
        with server.client() as client:
            client.must("FUNCTION", "LOAD", LIBRARY)
            client.must("BGREWRITEAOF")
            wait_until(
                lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0"
                and server.info("persistence")["aof_rewrite_scheduled"] == "0",
                60,
                "BGREWRITEAOF's end",
            )
        server.kill()
        server.start()
        self.check_functions(server)
        with server.client() as client:
            client.must("FUNCTION", "FLUSH")
        server.kill()
        server.start(shards=3)
        with server.client() as client:
            self.assertEqual(client.must("FUNCTION", "LIST"), [])

    def test_functions_come_back_from_a_snapshot(self):
        server = self.start(args=("--save", ""))
        with server.client() as client:
            client.must("FUNCTION", "LOAD", LIBRARY)
            client.must("SET", "k", "v")
            client.must("SAVE")
        for shards in (Options.shards, 1, 3):
            server.kill()
            server.start(shards=shards)
            self.check_functions(server)

    def test_dumps_are_redis_s(self):
        server = self.start()
        redis = self.start(binary=Options.redis, shards=None)
        with server.client() as here, redis.client() as there:
            here.must("FUNCTION", "LOAD", LIBRARY)
            there.must("FUNCTION", "RESTORE", here.must("FUNCTION", "DUMP"))
            self.assertEqual(there.must("FCALL", "bump", 1, "k", 3), 3)
            dump = there.must("FUNCTION", "DUMP")
            here.must("FUNCTION", "FLUSH")
            here.must("FUNCTION", "RESTORE", dump)
            self.assertEqual(here.must("FCALL", "bump", 1, "k", 3), 3)
            self.assertIsInstance(here.call("FUNCTION", "RESTORE", dump), Error)
            here.must("FUNCTION", "RESTORE", dump, "REPLACE")
            here.must("FUNCTION", "RESTORE", dump, "FLUSH")


class ForeignLogs(ServerTest):
    def test_scripts_that_an_old_redis_logged_as_they_came(self):
        """Before scripts were logged by their effects a log held EVAL itself."""
        server = self.start(args=("--appendonly", "yes", "--save", ""), start=False)
        bump = "return redis.call('INCRBY', KEYS[1], ARGV[1])"
        spread = "for i, key in ipairs(KEYS) do redis.call('APPEND', key, ARGV[1]) end"
        commands = [("SELECT", "0"), ("SET", "n", "5"), ("EVAL", bump, "1", "n", "37")]
        commands += [("EVAL", spread, str(len(KEYS)), *KEYS, text) for text in ("a", "b")]
        commands += [("MULTI",), ("EVAL", bump, "1", "n", "58"), ("SET", "after", "x"), ("EXEC",)]
        with open(os.path.join(server.dir, "appendonly.aof"), "wb") as log:
            log.write(b"".join(encode(command) for command in commands))
        for _ in range(2):  # the second time from Basalt's own files
            server.start()
            with server.client() as client:
                self.assertEqual(client.must("MGET", "n", "after"), [b"100", b"x"])
                self.assertEqual(client.must("MGET", *KEYS), [b"ab"] * len(KEYS))
            server.terminate()


class Memory(ServerTest):
    def test_what_scripts_may_do_beyond_maxmemory(self):
        server = self.start()
        with server.client() as client:
            client.must("CONFIG", "SET", "maxmemory", 1)
            wait_until(lambda: isinstance(client.call("SET", "x", 1), Error), what="the limit to be noticed")
            oom = b"OOM command not allowed when used memory > 'maxmemory'."

            def run(script, keys=("k",)):
                return client.call("EVAL", script, len(keys), *keys)

            for keys in (("k",), KEYS):  # on one shard, and on all
                self.assertTrue(run("return redis.call('SET', KEYS[1], 1)", keys).startswith(oom))
                self.assertEqual(run("return redis.pcall('SET', KEYS[1], 1).err", keys), oom)
                self.assertIsNone(run("return redis.call('GET', KEYS[1])", keys))
                self.assertEqual(run("#!lua\nreturn redis.call('GET', KEYS[1])", keys), oom)
                self.assertIsNone(run("#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])", keys))
                self.assertEqual(run("#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], 1)", keys), b"OK")
                # What has begun to write may finish.
                self.assertEqual(
                    run("redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[1], 1)", keys), b"OK"
                )
                client.must("DEL", *keys)


class Endless(ServerTest):
    """A script that does not end can be ended from another shard."""

    ARGS = ("--busy-reply-threshold", "100", "--save", "")

    def endless(self, server, *words):
        """Calls what does not end, and returns its reply when it has one."""
        replies = []

        def run():
            with server.client(timeout=60) as client:
                try:
                    replies.append(client.call(*words))
                except (Disconnected, OSError):
                    pass  # the server was killed

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread, replies

    def open(self, server):
        """Connections on every shard, as the busy one may be the one that accepts."""
        self.clients = [server.client(timeout=2) for _ in range(2 * Options.shards)]
        for client in self.clients:
            self.addCleanup(client.close)
            client.must("PING")

    def end(self, verb):
        """Sends the KILL over all connections until a shard takes it that still answers."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for client in list(self.clients):
                try:
                    reply = client.call(verb, "KILL")
                except OSError:
                    self.clients.remove(client)  # on the busy shard
                    continue
                if not (isinstance(reply, Error) and reply.startswith(b"NOTBUSY")):
                    return reply
        raise AssertionError("nobody could end the script")

    def test_kill(self):
        server = self.start(args=self.ARGS)
        self.open(server)
        thread, replies = self.endless(server, "EVAL", "while true do pcall(redis.call, 'GET', KEYS[1]) end", 1, "k")
        self.assertEqual(self.end("SCRIPT"), b"OK")
        thread.join(30)
        self.assertTrue(replies and replies[0].startswith(b"ERR Script killed by user with SCRIPT KILL"), replies)
        self.assertEqual(server.call("GET", "k"), None)

    def test_function_kill(self):
        server = self.start(args=self.ARGS)
        self.open(server)
        server.call("FUNCTION", "LOAD", "#!lua name=a\nredis.register_function('f', function() while true do end end)")
        thread, replies = self.endless(server, "FCALL", "f", 0)
        self.assertEqual(self.end("FUNCTION"), b"OK")
        thread.join(30)
        self.assertTrue(replies and replies[0].startswith(b"ERR Script killed by user"), replies)

    def test_who_has_written_is_not_killed(self):
        server = self.start(args=self.ARGS)
        self.open(server)
        self.endless(server, "EVAL", "redis.call('SET', KEYS[1], 1) while true do end", 1, "k")
        self.assertTrue(self.end("SCRIPT").startswith(b"UNKILLABLE"))
        server.kill()



class Busy(ServerTest):
    """While a script is busy, others hear so, and what does not need its shard goes on."""

    ARGS = ("--busy-reply-threshold", "50", "--save", "", "--appendonly", "yes")
    LOOP = "redis.call('GET', KEYS[1]) while true do end"

    def setUp(self):
        self.replies = []

    def run_script(self, server, *words):
        client = server.client(timeout=60)
        self.addCleanup(client.close)
        client.send(encode(words))
        return client

    def wait_until_busy(self, client):
        # Not with a command that the script keeps waiting: what a shard took over together with the
        # script is answered when that ends.
        wait_until(
            lambda: client.must("FUNCTION", "STATS")[1] is not None,
            what="the script to become busy",
        )

    def kill(self, server, script):
        with server.client(timeout=10) as client:
            self.assertEqual(client.must("SCRIPT", "KILL"), b"OK")
        self.assertTrue(script.read().startswith(b"ERR Script killed by user"))

    def test_every_shard_answers(self):
        for shards in (1, 4):
            server = self.start(shards=shards, args=self.ARGS)
            clients = [server.client(timeout=10) for _ in range(2 * shards)]
            for client in clients:
                self.addCleanup(client.close)
                client.must("PING")
            script = self.run_script(server, "EVAL", self.LOOP, 1, "k")
            self.wait_until_busy(clients[0])
            served = 0
            for client in clients:
                for command in (("GET", "k"), ("MGET", "k", "a", "b", "c"), ("DBSIZE",)):
                    self.assertTrue(client.call(*command).startswith(b"BUSY "), command)
                # Of keys on other shards only the busy one's have to wait.
                for number in range(20):
                    reply = client.call("SET", "other:%d" % number, "x")
                    served += reply == b"OK"
                    self.assertTrue(reply == b"OK" or reply.startswith(b"BUSY "), reply)
                # Pipelines stay in order.
                self.assertEqual(client.pipeline([("MULTI",), ("DISCARD",)]), [b"OK", b"OK"])
            self.assertEqual(served > 0, shards > 1)
            # New connections are heard, too.
            with server.client(timeout=10) as client:
                self.assertTrue(client.call("EVAL", "return 1", 1, "k").startswith(b"BUSY "))
            self.kill(server, script)
            self.assertEqual(clients[0].call("GET", "k"), None)
            self.assertIsInstance(clients[-1].call("DBSIZE"), int)
            self.assertEqual(clients[-1].must("MSET", "k", "1", "a", "2", "b", "3"), b"OK")

    def test_transactions_that_watch_are_told_and_end(self):
        """Several in one tick, each of which lets go of its watches while the others are told."""
        server = self.start(shards=4, args=self.ARGS)
        clients = [server.client(timeout=10) for _ in range(16)]
        for number, client in enumerate(clients):
            self.addCleanup(client.close)
            client.must("WATCH", "other:%d" % number, "k")
            client.pipeline([("MULTI",), ("DBSIZE",), ("GET", "k")])
        script = self.run_script(server, "EVAL", self.LOOP, 1, "k")
        with server.client(timeout=10) as client:
            self.wait_until_busy(client)
        for client in clients:
            client.send(encode(("EXEC",)))
        for client in clients:
            self.assertRegex(client.read(), rb"^(EXECABORT Transaction discarded because of: )?BUSY ")
        self.kill(server, script)
        for client in clients:
            self.assertTrue(client.call("EXEC").startswith(b"ERR EXEC without MULTI"))
            self.assertEqual(client.must("PING"), b"PONG")

    def test_one_that_holds_every_shard(self):
        server = self.start(shards=4, args=self.ARGS)
        with server.client(timeout=10) as client:
            script = self.run_script(server, "EVAL", self.LOOP, 3, "a", "b", "c")
            self.wait_until_busy(client)
            for number in range(20):
                self.assertTrue(client.call("SET", "other:%d" % number, "x").startswith(b"BUSY "))
            self.kill(server, script)
            self.assertEqual(client.must("SET", "k", "1"), b"OK")

    def test_commands_that_were_sent_before_run_afterwards(self):
        server = self.start(shards=1, args=self.ARGS)
        with server.client(timeout=10) as client:
            script = self.run_script(server, "EVAL", self.LOOP, 1, "k")
            script.send(encode(("SET", "behind", "1")) + encode(("GET", "behind")))
            self.wait_until_busy(client)
            script.send(encode(("ECHO", "later")) * 3)
            self.kill(server, script)
            self.assertEqual([script.read() for _ in range(5)], [b"OK", b"1"] + [b"later"] * 3)

    def test_shutdown_does_not_wait_and_loses_nothing_else(self):
        for shards in (1, 4):
            server = self.start(shards=shards, args=self.ARGS)
            server.call("SET", "before", "1")
            self.run_script(
                server, "EVAL", "redis.call('SET', KEYS[1], 1) while true do end", 1, "k"
            )
            with server.client(timeout=10) as client:
                self.wait_until_busy(client)
                self.assertTrue(client.call("SCRIPT", "KILL").startswith(b"UNKILLABLE "))
                client.send(encode(("SHUTDOWN", "NOSAVE")))
                self.assertTrue(client.closed_by_server())
            self.assertEqual(server.wait_exit(), 0)
            server.start()
            self.assertEqual(server.call("MGET", "before", "k"), [b"1", None])

if __name__ == "__main__":
    main()
