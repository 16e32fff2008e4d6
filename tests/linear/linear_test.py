#!/usr/bin/env python3
"""Concurrent clients against a real server with 1, 2, 4 and 8 shards, and with appendfsync always:
what they were told must be strictly serializable.

    tests/linear/linear_test.py --server build/release/basalt-server
    tests/linear/linear_test.py --server /usr/bin/redis-server          # must find nothing
    tests/linear/linear_test.py --server build/tsan/basalt-server --light
    BASALT_LINEAR_SECONDS=600 tests/linear/linear_test.py --server … --shards 4 --seed 7

Whatever the server's log says of ThreadSanitizer fails the test.
"""

import argparse
import os
import random
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Server, is_basalt
from checker import Violation, check
from clients import NEEDS
from driver import Failed
from workload import Settings, choose, counts, missing_kinds, run

ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"]
# A longer round is cut into histories of this length, so that memory is bounded.
HISTORY_S = 15.0


class Broken(Exception):
    """A round failed; says why."""


def judge(server, settings, grace_s=60.0):
    """Runs one workload on a running server: (a line to print, number of operations). Raises
    Violation or Failed.
    """
    began = time.monotonic()
    history = run(server.port, settings, grace_s)
    ran = time.monotonic() - began
    verdict = check(history)
    summary = "%d operations in %.1f s, %d edges (%.1f s of CPU): strictly serializable" % (
        verdict.operations,
        ran,
        verdict.edges,
        verdict.seconds,
    )
    return counts(history) + "\n    " + summary, verdict.operations


def play_round(options, shards, args, seconds, kinds):
    # Connections move from shard to shard all the time meanwhile.
    moves = ["--move-connections-after", "2"] if is_basalt(options.server) else []
    with Server(options.server, shards=shards, args=args + moves) as server:
        missing = missing_kinds(server.port, kinds)
        if missing:
            needs = ", ".join("%s (%s)" % (kind, NEEDS[kind]) for kind in missing)
            if options.require == "all":
                raise Broken("the server lacks what these kinds need: " + needs)
            print("    left out, the server lacks what they need: " + needs)
        kinds = [kind for kind in kinds if kind not in missing]
        seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
        try:
            while seconds > 0:
                settings = Settings(
                    min(seconds, HISTORY_S),
                    seed,
                    kinds,
                    processes=1 if options.light else 2,
                    connections=6 if options.light else 10,
                    # Commands on several shards may overtake each other within a pipeline.
                    in_order=not server.basalt or shards == 1,
                )
                print("    seed %d" % seed, flush=True)
                print("    " + judge(server, settings)[0], flush=True)
                seconds -= HISTORY_S
                seed += 1
            if not server.running():
                raise Broken("the server ended\n" + server.log_tail())
            code = server.terminate()
            if code != 0:
                raise Broken("the server's exit code is %d\n%s" % (code, server.log_tail()))
        except (Violation, Failed, AssertionError) as failure:
            raise Broken("%s\nlog of the server:\n%s" % (failure, server.log_tail())) from None
        finally:
            log = server.log_text()
            if "ThreadSanitizer" in log:
                at = log.index("ThreadSanitizer")
                raise Broken("the server's log:\n%s" % log[max(0, at - 200) : at + 6000])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--shards", default="1,2,4,8")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", help="kinds of operations, see clients.py")
    parser.add_argument("--without")
    parser.add_argument("--require", choices=["all"], help="fail if the server lacks a kind")
    parser.add_argument("--light", action="store_true", help="fewer operations, for sanitizers")
    options = parser.parse_args()
    options.server = os.path.abspath(options.server)
    seconds = float(os.environ.get("BASALT_LINEAR_SECONDS", "3" if options.light else "5"))
    kinds = choose(options.only, options.without)

    rounds = [(int(shards), []) for shards in options.shards.split(",")]
    if not is_basalt(options.server):
        rounds = rounds[:1]
    rounds.append((4, ALWAYS))
    for shards, args in rounds:
        print("shards: %d%s" % (shards, ", appendfsync always" if args else ""), flush=True)
        try:
            play_round(options, shards, args, seconds, kinds)
        except Broken as broken:
            print("FAILED, shards %d %s\n%s" % (shards, " ".join(args), broken))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
