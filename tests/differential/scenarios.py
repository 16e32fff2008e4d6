#!/usr/bin/env python3
"""Scenarios of several clients, played on redis-server and on the server under test; every reply is
compared.

    scenarios.py --server build/release/basalt-server --shards 4
    scenarios.py --server /usr/bin/redis-server          # self-check: Redis with itself
    scenarios.py --server … --only transactions.watch --verbose
    scenarios.py --server … --without scripts,blocking   # what the server does not have

A mismatch prints the scenario, its seed and the transcript up to the difference; the exit code is
1. What is left out is counted, so that a run says what it did not look at.
"""

import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from basalt_harness import REDIS, Server
from resp_client import Disconnected
from runner import render
from scenes import ALL
from stage import Stage
from steps import short

DEFAULT_SEED = 20240607
TRANSCRIPT_LINES = 40


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", required=True, help="the binary under test")
    parser.add_argument("--redis", default=REDIS, help="the reference")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--only", default="", help="scenarios whose name begins so, by comma")
    parser.add_argument("--without", default="", help="leave out what needs these, by comma")
    parser.add_argument("--seed", default=str(DEFAULT_SEED), help="a number, or random")
    parser.add_argument("--resp", type=int, choices=(2, 3), help="only this protocol")
    parser.add_argument("--keep-going", type=int, default=20, metavar="N", help="end after N")
    parser.add_argument("--verbose", action="store_true", help="print every transcript")
    options = parser.parse_args()
    options.only = tuple(filter(None, options.only.split(",")))
    options.without = frozenset(filter(None, options.without.split(",")))
    known = frozenset().union(*[scenario.needs for scenario in ALL])
    if not options.without <= known:
        parser.error("--without knows only %s" % ", ".join(sorted(known)))
    options.seed = (
        random.SystemRandom().randrange(1 << 31) if options.seed == "random" else int(options.seed)
    )
    return options


def play(scenario, server, resp, seed):
    """The transcript. One that breaks off, as the server died or sent no RESP, says so at its end."""
    stage = Stage(server, resp, seed)
    try:
        stage.begin()
        scenario.function(stage)
        stage.end()
    except (OSError, Disconnected, ValueError, AssertionError) as error:
        stage.note("(stage)", ("broken off",), ("%s: %s" % (type(error).__name__, error)).encode())
        stage.broken = True
    return stage


def first_difference(reference, lines):
    """(index, what is wrong), or None."""
    for index, (a, b) in enumerate(zip(reference, lines)):
        if (a.client, a.command) != (b.client, b.command):
            return index, "another step: %s" % describe(b)
        wrong = a.difference(b)
        if wrong:
            return index, wrong
    if len(reference) != len(lines):
        return min(len(reference), len(lines)), "one transcript is longer"
    return None


def describe(line):
    command = [word if isinstance(word, bytes) else str(word).encode() for word in line.command]
    return "%s: %s" % (line.client, render(command))


def print_transcript(lines):
    for line in lines:
        print("    %s\n        %s" % (describe(line), short(line.raw)))


class Session:
    def __init__(self, options):
        self.options = options
        self.played = self.left_out = self.replies = 0
        self.mismatches = []

    def chosen(self):
        for scenario in ALL:
            if self.options.only and not scenario.name.startswith(self.options.only):
                continue
            if scenario.needs & self.options.without:
                self.left_out += 1
                continue
            yield scenario

    def run(self):
        options = self.options
        started = time.monotonic()
        print("seed %d, shards %d" % (options.seed, options.shards), flush=True)
        with Server(options.redis, name="reference") as reference, Server(
            options.server, shards=options.shards, name="server"
        ) as server:
            for scenario in self.chosen():
                for resp in scenario.resps:
                    if options.resp in (None, resp):
                        self.play_all_seeds(scenario, (reference, server), resp)
                if len(self.mismatches) >= options.keep_going:
                    break
        self.summary(time.monotonic() - started)
        return 1 if self.mismatches or not self.played else 0

    def play_all_seeds(self, scenario, servers, resp):
        for number in range(scenario.seeds):
            # As text, so that neighbouring seeds of a scenario have nothing in common.
            seed = "%d %s %d" % (self.options.seed, scenario.name, number)
            stages = [play(scenario, server, resp, seed) for server in servers]
            transcripts = [stage.lines for stage in stages]
            self.played += 1
            self.replies += len(transcripts[0])
            if self.options.verbose:
                print("%s, RESP%d" % (scenario.name, resp))
                print_transcript(transcripts[0])
            difference = first_difference(*transcripts)
            if not difference and stages[0].broken:
                difference = len(transcripts[0]) - 1, "something did not come, on both servers"
            if difference:
                self.report(scenario, resp, number, transcripts, difference)
                self.restart_dead(servers)
                return

    def restart_dead(self, servers):
        for server in servers:
            try:
                server.call("PING")
            except (OSError, Disconnected):
                server.kill()
                print("%s is gone, exit code %s" % (server.name, server.process.poll()))
                print(server.log_tail())
                server.start()

    def report(self, scenario, resp, number, transcripts, difference):
        index, wrong = difference
        reference, lines = transcripts
        self.mismatches.append(scenario.name)
        print("\nMISMATCH  %s, RESP%d, round %d: %s" % (scenario.name, resp, number, wrong))
        if index > TRANSCRIPT_LINES and not self.options.verbose:
            print("    … %d lines before (--verbose has them)" % (index - TRANSCRIPT_LINES))
        print_transcript(reference[max(0, index - TRANSCRIPT_LINES) : index])
        for who, transcript in (("reference", reference), ("server", lines)):
            if index < len(transcript):
                print("    %s" % describe(transcript[index]))
                print("        %-10s %s" % (who + ":", short(transcript[index].raw)))
        print("replay: --only %s --resp %d --seed %d" % (scenario.name, resp, self.options.seed))
        sys.stdout.flush()

    def summary(self, elapsed_s):
        print(
            "%d scenarios played, %d left out, %d replies, %.1f s, %d mismatches%s"
            % (
                self.played,
                self.left_out,
                self.replies,
                elapsed_s,
                len(self.mismatches),
                "".join("\n  %s" % name for name in dict.fromkeys(self.mismatches)),
            )
        )


if __name__ == "__main__":
    sys.exit(Session(parse_arguments()).run())
