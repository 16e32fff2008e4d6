#!/usr/bin/env python3
"""Sends one generated stream of commands to redis-server and to the server under test and compares
everything.

    differential.py --server build/release/basalt-server --shards 4 --commands 100000
    differential.py --server /usr/bin/redis-server            # self-check: Redis with itself
    differential.py --server … --seed random --seconds 3600   # long: each round has the next seed

A mismatch prints the seed, the step, the command and both replies, then a short repro; the exit
code is 1. BASALT_DIFFERENTIAL_SECONDS in the environment makes the bounded runs of ctest long.
"""

import argparse
import os
import random
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from basalt_harness import REDIS, Server
from families import CORE, FAMILIES
from generator import Generator
from resp_client import encode
from runner import Pair, Runner, render
from shrink import Shrinker
from steps import CompareContents

DEFAULT_SEED = 20240607
ROUND_COMMANDS = 25000


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", required=True, help="the binary under test")
    parser.add_argument("--redis", default=REDIS, help="the reference")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument(
        "--families",
        default=",".join(CORE),
        help="of: all, core, %s; -name leaves one off" % ", ".join(FAMILIES),
    )
    parser.add_argument("--seed", default=str(DEFAULT_SEED), help="a number, or random")
    parser.add_argument("--commands", type=int, default=100000, help="at least this many")
    parser.add_argument(
        "--seconds", type=float, help="go on with further seeds for so long, instead"
    )
    parser.add_argument(
        "--resp", type=int, choices=(2, 3), help="protocol to start with (default: by the seed)"
    )
    parser.add_argument(
        "--no-encodings", action="store_true", help="leave OBJECT ENCODING out of the comparison"
    )
    parser.add_argument(
        "--restart",
        action="store_true",
        help="kill -9 and restart with other shards after each round",
    )
    parser.add_argument(
        "--keep-going", type=int, default=1, metavar="N", help="end after N mismatches"
    )
    parser.add_argument("--skip", default="", help="commands to leave out, by comma")
    parser.add_argument(
        "--server-arg",
        action="append",
        default=[],
        help="further argument for the server under test",
    )
    options = parser.parse_args()
    options.families = chosen_families(options.families)
    if "BASALT_DIFFERENTIAL_SECONDS" in os.environ:
        options.seconds = float(os.environ["BASALT_DIFFERENTIAL_SECONDS"])
    options.seed = (
        random.SystemRandom().randrange(1 << 31) if options.seed == "random" else int(options.seed)
    )
    return options


def chosen_families(text):
    chosen = []
    for name in text.split(","):
        if name == "all":
            chosen += FAMILIES
        elif name == "core":
            chosen += CORE
        elif name.startswith("-"):
            chosen = [family for family in chosen or CORE if family != name[1:]]
        else:
            chosen.append(name)
    return list(dict.fromkeys(chosen))


class Session:
    def __init__(self, options):
        self.options = options
        self.mismatches = 0
        self.commands = 0
        self.kinds = {}

    def start(self):
        durable = [
            "--appendonly",
            "yes",
            "--appendfsync",
            "always" if self.options.restart else "no",
        ]
        self.reference = Server(self.options.redis, name="reference", args=["--appendonly", "no"])
        self.server = Server(
            self.options.server,
            shards=self.options.shards,
            name="server",
            args=durable + self.options.server_arg,
        )
        self.pair = Pair(self.reference, self.server)

    def close(self):
        self.pair.close()
        self.reference.close()
        self.server.close()

    def round(self, seed):
        """One stream of ROUND_COMMANDS on empty servers; True if all agreed."""
        generator = Generator(seed, self.options.families)
        self.pair.reset()
        history = []
        runner = Runner(self.pair, seed)
        resp = self.options.resp or (2, 3)[seed % 2]
        for client in (self.pair.a, self.pair.b):
            client.must("HELLO", resp)
        mismatch = runner.run(self.recorded(generator, history))
        if mismatch is None and self.options.restart and self.server.basalt:
            mismatch = self.compare_after_restart(runner, history)
        self.commands += runner.commands_run
        for kind, count in runner.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        if mismatch is None:
            return True
        self.mismatches += 1
        self.report(seed, mismatch, history)
        return False

    def recorded(self, generator, history):
        count = 0
        skip = {name.encode().lower() for name in self.options.skip.split(",") if name}
        for step in generator.steps():
            if skip and any(command[0].lower() in skip for command in step.commands):
                continue
            history.append(step)
            count += len(step.commands)
            yield step
            if count >= min(ROUND_COMMANDS, self.options.commands):
                break
        last = CompareContents(not self.options.no_encodings)
        history.append(last)
        yield last

    def compare_after_restart(self, runner, history):
        """After a kill -9 the server must have all it had, whatever its number of shards."""
        self.server.kill()
        self.server.start(shards=random.Random(len(history)).randrange(1, 5))
        self.pair.connect()
        print("  restarted with %d shards" % self.server.shards)
        return runner.run(
            [CompareContents(not self.options.no_encodings)], first_index=len(history)
        )

    def report(self, seed, mismatch, history):
        print("\nMISMATCH  seed %d, step %d" % (seed, mismatch.step_index))
        print(mismatch)
        if not self.server.running():
            print(
                "the server is gone, exit code %s\n%s"
                % (self.server.process.poll(), self.server.log_tail())
            )
        if mismatch.step_index >= len(history):
            print("(found after a restart; not shrunk)")
            return
        shrinker = Shrinker(self.pair, Generator(seed, self.options.families).all_keys)
        steps, short_mismatch = shrinker.shrink(history[: mismatch.step_index + 1])
        if steps is None:
            print(
                "it did not come again on a fresh server: it depends on timing or on earlier state"
            )
            print("replay: --seed %d --families %s" % (seed, ",".join(self.options.families)))
            return
        print("repro:")
        for step in steps:
            for command in step.commands:
                print("    %s" % render(command))
        print(short_mismatch)
        self.save_repro(seed, steps)
        if not self.server.running():
            print(self.server.log_tail())

    def save_repro(self, seed, steps):
        path = os.path.join(
            tempfile.gettempdir(), "basalt-repro-%d-%d.resp" % (seed, self.mismatches)
        )
        with open(path, "wb") as out:
            for step in steps:
                for command in step.commands:
                    out.write(encode(command))
        print("as bytes for a socket: %s" % path)

    def run(self):
        options = self.options
        started = time.monotonic()
        seed = options.seed
        print(
            "seed %d, shards %d, families %s" % (seed, options.shards, ",".join(options.families)),
            flush=True,
        )
        self.start()
        try:
            while True:
                self.round(seed)
                seed += 1
                elapsed = time.monotonic() - started
                if self.mismatches >= options.keep_going:
                    break
                if (
                    elapsed >= options.seconds
                    if options.seconds
                    else self.commands >= options.commands
                ):
                    break
        finally:
            self.close()
        self.summary(time.monotonic() - started)
        return 1 if self.mismatches else 0

    def summary(self, elapsed_s):
        total = sum(self.kinds.values()) or 1
        shares = sorted(self.kinds.items(), key=lambda item: -item[1])[:12]
        print(
            "replies by type: "
            + ", ".join(
                "%s %.1f%%" % (kind.decode("latin1").strip(), 100 * n / total) for kind, n in shares
            )
        )
        print("%d commands, %.1f s, %d mismatches" % (self.commands, elapsed_s, self.mismatches))


if __name__ == "__main__":
    sys.exit(Session(parse_arguments()).run())
