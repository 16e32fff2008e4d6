#!/usr/bin/env python3
"""kill -9 under load, restart with another number of shards, and look at what is left.

    kill_test.py --server build/release/basalt-server --rounds 3
    kill_test.py --server … --policy everysec --rounds 200 --seed random    # long
    kill_test.py --server /usr/bin/redis-server                             # self-check

Every policy works on one data folder for all of its rounds, so each recovery stands on the former
ones. In two rounds of three log files are so small that they rotate many times a second, and some
kills fall inside a rotation. The rules are in history.py. BASALT_CRASH_ROUNDS makes the bounded run of ctest a long one.
"""

import argparse
import glob
import os
import random
import re
import shutil
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from basalt_harness import Server, is_basalt
from history import NEVER, Broken, History, State
from resp_client import Disconnected, Error, encode
from workload import Load

DEFAULT_SEED = 11
WRITERS = 6
# Under everysec, what is older than this at the crash must have reached the system.
EVERYSEC_LIMIT_S = 3.0
SMALL_FILES = ["--aof-file-size", "64kb"]


def inside_rotation(folder):
    """Whether a log's next file was there already when the server died, and nothing in it yet: on
    its way into the manifest, or listed behind the one in use. (A rewrite's looks the same.)
    """
    folder = os.path.join(folder, "appendonlydir")
    with open(os.path.join(folder, "appendonly.aof.manifest"), "rb") as manifest:
        listed = re.findall(rb"^incr (\d+) (\S+)", manifest.read(), re.M)
    shards = [shard for shard, _ in listed]
    names = {name.decode() for shard, name in listed if shards.count(shard) > 1}
    first = {name.decode() for shard, name in listed} - names
    found = [os.path.basename(path) for path in glob.glob(os.path.join(folder, "*.incr.aof"))]
    return any(
        os.path.getsize(os.path.join(folder, name)) == 0 for name in found if name not in first
    )


class Policy:
    def __init__(self, name, args, snapshots=False, rewrites=False):
        self.name = name
        self.args = args
        self.snapshots = snapshots
        self.rewrites = rewrites


def log_args(fsync, *more):
    return ["--appendonly", "yes", "--appendfsync", fsync] + list(more)


POLICIES = [
    Policy("rdb", ["--appendonly", "no"], snapshots=True),
    Policy("everysec", log_args("everysec")),
    Policy("no", log_args("no")),
    Policy("always", log_args("always")),
    Policy("everysec+rewrite", log_args("everysec"), rewrites=True),
    Policy("always+rewrite", log_args("always"), rewrites=True),
    Policy("always+rdb", log_args("always"), snapshots=True, rewrites=True),
    Policy("switching", log_args("everysec")),
]


class Run:
    """All rounds of one policy."""

    def __init__(self, options, policy, seed):
        self.options = options
        self.policy = policy
        self.rng = random.Random("%s %d" % (policy.name, seed))
        self.history = History()
        self.number = 0
        self.server = Server(
            options.server, args=policy.args, shards=self.other_shards(), start=False
        )
        self.snapshots = []  # when each was asked for, when that was answered, whether it was done
        self.durable_before = -NEVER  # set by the policy "switching"
        self.has_files = is_basalt(options.server) and policy.name != "rdb"
        self.rotations = 0
        self.kills_inside = 0

    def args_of_round(self, number):
        small = self.has_files and number % 3 != 2
        return self.policy.args + (SMALL_FILES if small else [])

    def other_shards(self):
        return self.rng.choice(self.options.shard_counts)

    def run(self, rounds):
        try:
            self.server.start(args=self.args_of_round(0))
            for number in range(rounds):
                self.one_round(number)
            if self.has_files:
                print(
                    "  %-17s %d rotations before the kills, of which %d fell inside one"
                    % (self.policy.name, self.rotations, self.kills_inside),
                    flush=True,
                )
                if self.rotations == 0:
                    raise AssertionError("no log file was ever rotated")
        except BaseException:
            print("\nFAILED  policy %s" % self.policy.name)
            print(self.server.log_tail(60))
            self.keep_folder()
            raise
        finally:
            self.server.close()

    def keep_folder(self):
        kept = tempfile.mkdtemp(prefix="basalt-crash-")
        self.server.kill()
        shutil.copytree(self.server.dir, kept, dirs_exist_ok=True)
        print("the data folder is kept: %s" % kept)

    def one_round(self, number):
        shards = self.server.shards
        self.snapshots = []
        self.durable_before = -NEVER
        self.history.begin_round(time.monotonic())
        polite = self.rng.random() < 0.15
        load = Load(self.server, WRITERS, self.number, self.rng.randrange(1 << 30))
        load.start()
        end = time.monotonic() + self.rng.uniform(0.2, self.options.load_s)
        rotations = self.disturb(end)
        if polite and self.policy.name == "rdb":
            self.stop_saving()
        elif polite:
            self.server.terminate()
        else:
            self.server.kill()
        died = time.monotonic()
        inside = self.has_files and not polite and inside_rotation(self.server.dir)
        self.rotations += rotations
        self.kills_inside += inside
        self.history.round += load.finish()
        self.number = load.highest_number()
        asked = len(self.history.round)

        for _ in range(self.rng.choice((0, 0, 1, 2))):
            self.start_and_kill()
        restart_began = time.monotonic()
        self.server.start(shards=self.other_shards(), args=self.args_of_round(number + 1))
        restart_s = time.monotonic() - restart_began
        with self.server.client(timeout=60.0) as client:
            state = State(client)
        survived, lost = self.history.check(state, *self.limits(died, polite))
        print(
            "  %-17s round %2d: %d -> %d shards, %6d operations, %6d there, %5d known ones lost, "
            "restart %.2f s, %d rotations%s%s"
            % (
                self.policy.name,
                number,
                shards,
                self.server.shards,
                asked,
                len(survived),
                len(lost),
                restart_s,
                rotations,
                ", inside one" if inside else "",
                ", stopped" if polite else "",
            ),
            flush=True,
        )

    def limits(self, died, polite):
        """(durable_before, requested_until) of History.check."""
        name = self.policy.name
        if polite:
            return NEVER, NEVER
        if name == "rdb":
            done = [snapshot for snapshot in self.snapshots if snapshot["done"]]
            asked = done[-1]["asked"] if done else -NEVER
            answered = self.snapshots[-1]["answered"] if self.snapshots else -NEVER
            return asked, answered
        if name.startswith("always"):
            return NEVER, NEVER
        if name.startswith("everysec"):
            return died - EVERYSEC_LIMIT_S, NEVER
        if name == "switching":
            return max(self.durable_before, died - EVERYSEC_LIMIT_S), NEVER
        return -NEVER, NEVER

    def stop_saving(self):
        """The snapshot is the last thing the server does: nothing is acknowledged after it."""
        with self.server.client(timeout=60.0) as client:
            client.send(encode((b"SHUTDOWN", b"SAVE")))
            self.server.wait_exit()

    def start_and_kill(self):
        """Dies somewhere in recovery or loading, or just after."""
        self.server.shards = self.other_shards()
        self.server.spawn()
        time.sleep(self.rng.uniform(0, 0.15))
        self.server.kill()

    def disturb(self, end):
        """Until `end`: snapshots, rewrites or changes of the policy at random moments. Returns how
        many rotations there were by then.
        """
        with self.server.client(timeout=60.0) as client:
            while time.monotonic() < end:
                time.sleep(max(0.0, min(self.rng.uniform(0.02, 0.4), end - time.monotonic())))
                if self.policy.snapshots and self.rng.random() < 0.7:
                    self.snapshot(client, end)
                if self.policy.rewrites and self.rng.random() < 0.5:
                    client.call("BGREWRITEAOF")
                if self.policy.name == "switching":
                    self.switch(client)
            if not self.has_files:
                return 0
            info = client.must("INFO", "persistence")
            return int(re.search(rb"aof_rotations:(\d+)", info).group(1))

    def snapshot(self, client, end):
        entry = {"asked": time.monotonic(), "done": False}
        reply = client.call("BGSAVE")
        entry["answered"] = time.monotonic()
        if isinstance(reply, Error):
            return
        self.snapshots.append(entry)
        while time.monotonic() < end:
            if b"rdb_bgsave_in_progress:0" in client.call("INFO", "persistence"):
                entry["done"] = True
                return
            time.sleep(0.005)

    def switch(self, client):
        """To `always`, which also syncs all that was acknowledged before, and perhaps back."""
        if self.durable_before == -NEVER and self.rng.random() < 0.6:
            client.must("CONFIG", "SET", "appendfsync", "always")
            self.durable_before = NEVER
        elif self.durable_before == NEVER and self.rng.random() < 0.3:
            self.durable_before = time.monotonic()
            client.must("CONFIG", "SET", "appendfsync", "everysec")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", required=True)
    parser.add_argument(
        "--policy", action="append", help="one or more of: " + ", ".join(p.name for p in POLICIES)
    )
    parser.add_argument("--rounds", type=int, default=3, help="kills per policy")
    parser.add_argument(
        "--load-s", type=float, default=1.0, help="longest time under load before a kill"
    )
    parser.add_argument("--shard-counts", default="1,2,3,4")
    parser.add_argument("--seed", default=str(DEFAULT_SEED), help="a number, or random")
    options = parser.parse_args()
    options.rounds = int(os.environ.get("BASALT_CRASH_ROUNDS", options.rounds))
    options.shard_counts = [int(count) for count in options.shard_counts.split(",")]
    options.seed = (
        random.SystemRandom().randrange(1 << 31) if options.seed == "random" else int(options.seed)
    )
    return options


def main():
    options = parse_arguments()
    print("seed %d" % options.seed, flush=True)
    failed = []
    for policy in POLICIES:
        if options.policy and policy.name not in options.policy:
            continue
        try:
            Run(options, policy, options.seed).run(options.rounds)
        except (Broken, AssertionError, Disconnected, OSError) as error:
            failed.append("%s: %s" % (policy.name, error))
            print("%s: %s" % (type(error).__name__, error))
            if not isinstance(error, Broken):
                traceback.print_exc()
        except Exception as error:  # StartFailed and what nobody expected
            failed.append("%s: %s" % (policy.name, error))
            traceback.print_exc()
    for line in failed:
        print("FAILED %s" % line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
