#!/usr/bin/env python3
"""The checker finds what it should: a build of the server that breaks atomicity on purpose, in a
way that BASALT_MUTANT names, is caught within its time; without the variable the same program is
clean.

    tests/linear/mutants_test.py --server build/release/basalt-server-mutant [--only no-lock,…]
"""

import argparse
import os
import random
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Server
from checker import Violation
from clients import KINDS
from driver import Failed
from linear_test import judge
from workload import Settings, missing_kinds

VARIABLE = "BASALT_MUTANT"
ATTEMPT_S = 2.0
BUDGET_S = 30.0
# On a busy machine it takes longer to do as much; but not for ever.
OPERATIONS_MIN = 15000
BUDGET_BUSY_S = 120.0
CLEAN_S = 4.0
GRACE_S = 10.0  # some mutants leave clients waiting for ever


class Mutant:
    def __init__(self, name, shards, kinds, budget_s=BUDGET_S):
        self.name = name
        self.shards = shards
        self.kinds = kinds.split()
        self.budget_s = budget_s


OVER_SHARDS = "single mget multi registers bank pipeline"
MUTANTS = [
    Mutant("no-lock", 4, OVER_SHARDS),
    Mutant("early-unlock", 4, OVER_SHARDS),
    Mutant("order-ignored", 4, OVER_SHARDS),
    Mutant("deferred-ignored", 4, OVER_SHARDS),
    Mutant("park-unquiet", 4, "mget multi park registers bank pipeline"),
    Mutant("escalate-no-rollback", 4, "single script-undeclared"),
    Mutant("watch-ignored", 2, "single multi watch"),
    Mutant("blocked-served-twice", 4, "queue blocking"),
]


class Missed(Exception):
    """Why the mutant does not count as caught."""


def attempt(server, shards, kinds, seed, seconds, grace_s):
    settings = Settings(seconds, seed, kinds, in_order=shards == 1)
    return judge(server, settings, grace_s)


def hunt(binary, mutant, seed):
    """(seed, seconds, first lines of the finding). Raises Missed."""
    os.environ[VARIABLE] = mutant.name
    began = time.monotonic()
    # Deep pipelines make many transactions meet; without them answers come sooner, which shows
    # what goes wrong in real time. So they take turns.
    mixes = [mutant.kinds, [kind for kind in mutant.kinds if kind != "pipeline"]]
    try:
        operations = 0
        while time.monotonic() - began < (
            mutant.budget_s if operations >= OPERATIONS_MIN else BUDGET_BUSY_S
        ):
            with Server(binary, shards=mutant.shards) as server:
                try:
                    mix = mixes[seed % 2]
                    operations += attempt(server, mutant.shards, mix, seed, ATTEMPT_S, GRACE_S)[1]
                except Violation as violation:
                    return seed, time.monotonic() - began, str(violation)
                except Failed as failure:
                    if not server.running():
                        raise Missed("the server ended: %s\n%s" % (failure, server.log_tail()))
                    return seed, time.monotonic() - began, str(failure)
            seed += 1
        raise Missed("not caught in %d operations, %.0f s" % (operations, time.monotonic() - began))
    finally:
        del os.environ[VARIABLE]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", help="some of " + ",".join(mutant.name for mutant in MUTANTS))
    parser.add_argument("--require", choices=["all"], help="fail if the server lacks a kind")
    parser.add_argument("--verbose", action="store_true", help="show each finding whole")
    options = parser.parse_args()
    binary = os.path.abspath(options.server)
    os.environ.pop(VARIABLE, None)
    names = options.only.split(",") if options.only else [mutant.name for mutant in MUTANTS]
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        parser.error("no such mutant: " + ", ".join(unknown))

    with Server(binary, shards=4) as server:
        print("without a mutant: seed %d" % options.seed, flush=True)
        try:
            missing = missing_kinds(server.port, list(KINDS))
            if missing and options.require == "all":
                raise Failed("the server lacks what these kinds need: " + ", ".join(missing))
            kinds = [kind for kind in KINDS if kind not in missing]
            print("    " + attempt(server, 4, kinds, options.seed, CLEAN_S, 60.0)[0], flush=True)
        except (Violation, Failed) as failure:
            print("FAILED: it should be clean\n%s\n%s" % (failure, server.log_tail()))
            return 1
    missed = 0
    for mutant in MUTANTS:
        if mutant.name not in names:
            continue
        if set(mutant.kinds) & set(missing):
            print("%-22s left out, the server lacks the commands" % mutant.name)
            continue
        try:
            seed, seconds, finding = hunt(binary, mutant, options.seed)
            print("%-22s caught after %4.1f s, seed %d" % (mutant.name, seconds, seed))
            lines = finding.splitlines()
            print("    " + "\n    ".join(lines if options.verbose else lines[:1]), flush=True)
        except Missed as reason:
            missed += 1
            print("%-22s MISSED, first seed %d" % (mutant.name, options.seed))
            print("    %s" % reason, flush=True)
    if missed:
        print("FAILED: %d mutants were not caught" % missed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
