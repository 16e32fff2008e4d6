#!/usr/bin/env python3
"""The same scripts and functions to redis-server and to basalt-server, in RESP2 and RESP3; the replies
must agree byte by byte. Each case is a list of commands that run on an empty server.

    scripts.py --server build/release/basalt-server [--shards 4] [--redis /usr/bin/redis-server]
    scripts.py --show          prints what redis-server answers
"""

import argparse
import os
import re
import sys
from itertools import zip_longest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]

from basalt_harness import Server
from resp_client import Disconnected

from script_cases import CASES

# Lua shows addresses in what it prints of tables and functions.
ADDRESS = re.compile(rb"0x[0-9a-f]{6,}")


def as_text(reply):
    return ADDRESS.sub(b"0x", repr(reply).encode()).decode()


def run_case(server, commands, resp):
    """The replies of a case on a server that was emptied before."""
    replies = []
    with server.client() as client:
        client.call("FLUSHALL")
        client.call("SCRIPT", "FLUSH")
        client.call("FUNCTION", "FLUSH")
        if resp == 3:
            client.call("HELLO", "3")
        for command in commands:
            try:
                replies.append(as_text(client.call(*command)))
            except (Disconnected, OSError) as failure:
                # The next case finds the server started anew.
                replies.append("no reply: %r" % failure)
                server.kill()
                server.start()
                break
    return replies


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server")
    parser.add_argument("--redis", default="/usr/bin/redis-server")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    wrong = 0
    with Server(options.redis) as redis:
        if options.show:
            for commands in CASES:
                for command, reply in zip(commands, run_case(redis, commands, 2)):
                    print(command, "\n    ", reply)
            return 0
        with Server(options.server, shards=options.shards) as basalt:
            for resp in (2, 3):
                for commands in CASES:
                    expected = run_case(redis, commands, resp)
                    got = run_case(basalt, commands, resp)
                    for command, want, have in zip_longest(commands, expected, got):
                        if want != have:
                            wrong += 1
                            print("RESP%d %r\n  redis:  %s\n  basalt: %s" % (resp, command, want, have))
    print("%d cases, %d replies differ" % (len(CASES), wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
