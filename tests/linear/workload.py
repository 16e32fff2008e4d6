#!/usr/bin/env python3
"""Runs a mix of clients against a server and returns their history, contents at the end included.

By hand, against a server that is already there:

    tests/linear/workload.py --port 6379 --seconds 5 --only single,mget,multi
"""

import argparse
import gc
import multiprocessing
import os
import random
import sys
import time
import traceback

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import wait_until
from checker import Violation, check
from clients import ACCOUNTS, BALANCE, KINDS, NEEDS, TOTAL, Client, World, log_of, sink_of
from driver import Failed, drive
from history import History
from plan import Unexpected, is_left, is_list
from resp_client import Client as Connection
from resp_client import Error

GRACE_S = 60.0  # after its time a workload must come to an end within this
DEFAULT_WEIGHTS = {"single": 5, "mget": 2, "multi": 3, "queue": 3, "drop": 1, "pipeline": 1}


class Settings:
    """What a workload is; it depends on nothing else but on how threads and processes meet."""

    def __init__(self, seconds, seed, kinds, processes=2, connections=10, in_order=True):
        self.seconds = seconds
        self.seed = seed
        self.kinds = {kind: DEFAULT_WEIGHTS.get(kind, 1) for kind in kinds}
        self.processes = processes
        self.connections = connections  # of each process
        self.in_order = in_order


def missing_kinds(port, kinds):
    """Those of `kinds` whose commands the server does not know."""
    probes = {"EVAL": ("EVAL", "return 1", 0), "BLPOP": ("BLPOP", "nothing:here", "0.001")}
    missing = []
    with Connection(port) as client:
        unknown = set()
        for name, probe in probes.items():
            reply = client.call(*probe)
            if isinstance(reply, Error):
                if not reply.lower().startswith(b"err unknown command"):
                    raise Failed("%s answered -%s" % (name, reply.decode("latin1")))
                unknown.add(name)
        missing = [kind for kind in kinds if NEEDS.get(kind) in unknown]
    return missing


def run(port, settings, grace_s=GRACE_S):
    """The History of all clients. Raises Failed."""
    with Connection(port) as client:
        client.must("FLUSHALL")
        client.must("MSET", *[word for name in ACCOUNTS for word in (name, BALANCE)])
    context = multiprocessing.get_context("fork")
    begin = time.monotonic_ns()
    workers = []
    for number in range(settings.processes):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=_work, args=(number, port, settings, begin, grace_s, theirs)
        )
        process.start()
        theirs.close()
        workers.append((process, ours))
    history = History(settings.in_order)
    failures = []
    for process, pipe in workers:
        try:
            outcome = pipe.recv()
        except EOFError:
            outcome = RuntimeError("a process of the workload ended without a word")
        if isinstance(outcome, Exception):
            failures.append(outcome)
        else:
            history.operations += outcome
        process.join()
    if failures:
        raise failures[0]
    _read_final(port, history)
    return history


def _work(number, port, settings, begin, grace_s, pipe):
    gc.disable()
    try:
        end = begin + int(settings.seconds * 1e9)
        world = World(number, settings.kinds, begin, end)
        scripts = {}
        for place in range(settings.connections):
            rng = random.Random("%d/%d/%d" % (settings.seed, number, place))
            client = Client(world, rng)
            waits = settings.kinds.get("blocking") and place % 5 in (1, 3)
            scripts["p%d.c%d" % (number, place)] = client.run_blocking() if waits else client.run()
        drive(port, scripts, end / 1e9 + grace_s)
        pipe.send(world.operations)
    except (Failed, Unexpected) as failure:
        pipe.send(Failed(str(failure)))
    except BaseException:  # pylint: disable=broad-except
        pipe.send(RuntimeError(traceback.format_exc()))


def _read_final(port, history):
    keys, queues = set(), set()
    groups = {}
    for operation in history.operations:
        for step in operation.steps:
            if step[0] in ("append", "read"):
                keys.add(step[1])
            elif step[0] in ("push", "pop", "contents"):
                queues.update((step[1],) if isinstance(step[1], bytes) else step[1])
            elif step[0] == "empty":
                queues.update(step[1])
            elif step[0] in ("write", "value"):
                groups.setdefault(step[1].rsplit(b":", 1)[0], set()).add(step[1])
    history.whole_groups = [frozenset(group) for group in groups.values()]
    history.logs = {queue: log_of(queue) for queue in queues if log_of(queue) is not None}
    keys.update(history.logs.values())
    keys.update(map(sink_of, queues))
    keys, queues = sorted(keys), sorted(queues)
    with Connection(port) as client:
        # What a connection had sent before it went may still be running.
        wait_until(
            lambda: client.must("CLIENT", "LIST").count(b"\n") == 1,
            what="that all clients are gone",
        )
        values = client.pipeline(
            [("LRANGE", key, 0, -1) if is_list(key) else ("GET", key) for key in keys]
        )
        lists = client.pipeline([("LRANGE", queue, 0, -1) for queue in queues])
        amounts = client.must("MGET", *ACCOUNTS)
    for reply in values + lists:
        if isinstance(reply, Error):
            raise Failed("the final read answered -%s" % reply.decode("latin1"))
    history.final.values = {
        key: b"".join(value) if isinstance(value, list) else value or b""
        for key, value in zip(keys, values)
    }
    history.final.queues = {
        queue: elements if is_left(queue) else elements[::-1]
        for queue, elements in zip(queues, lists)
    }
    history.final.sums = [(TOTAL, list(map(int, amounts)))]


def counts(history):
    """How many operations there were of each kind, in words."""
    found = {}
    for operation in history.operations:
        found[operation.kind] = found.get(operation.kind, 0) + 1
    return ", ".join("%d %s" % (count, kind) for kind, count in sorted(found.items()))


def choose(only, without):
    """Kinds by two comma-separated options."""
    kinds = only.split(",") if only else list(KINDS)
    left_out = without.split(",") if without else []
    for kind in kinds + left_out:
        if kind not in KINDS:
            raise SystemExit("%s is no kind; there are %s" % (kind, ", ".join(KINDS)))
    return [kind for kind in kinds if kind not in left_out]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", help="of " + ",".join(KINDS))
    parser.add_argument("--without")
    parser.add_argument("--key-order-only", action="store_true", help="see History.in_order")
    options = parser.parse_args()
    kinds = choose(options.only, options.without)
    for kind in missing_kinds(options.port, kinds):
        print("left out, the server lacks %s: %s" % (NEEDS[kind], kind))
        kinds.remove(kind)
    settings = Settings(options.seconds, options.seed, kinds, in_order=not options.key_order_only)
    print("seed %d" % settings.seed, flush=True)
    history = run(options.port, settings)
    print(counts(history))
    try:
        verdict = check(history)
    except Violation as violation:
        print(violation)
        return 1
    print(
        "%d operations, %d edges: strictly serializable (checked in %.1f s of CPU)"
        % (verdict.operations, verdict.edges, verdict.seconds)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
