"""What clients asked for and were told, and the rules that what is left after a crash must keep.

Every operation can be told from all others after the fact: a push leaves its number in a list, an
MSET has keys of its own, a SET carries a growing number, an INCR knows its place by its reply. So
of each one it is known whether it survived. All times are of one monotonic clock.

With S = the operations that survived:
  whole      an operation survived with all of its effects or with none
  in order   of one client's operations on one key, S holds the first ones
  explained  every effect is that of an operation, and what a former crash took away stays away
  prefix     if X is in S, and Y was acknowledged or its effect was seen before X was requested,
             then Y is in S
  durable    what was acknowledged or seen (in total, or before some moment) is in S
"""

import math

NEVER = math.inf


class Broken(AssertionError):
    """A rule does not hold."""


class Operation:
    __slots__ = ("kind", "keys", "number", "called", "known")

    def __init__(self, kind, keys, number):
        self.kind = kind
        self.keys = keys
        self.number = number  # for INCR: the reply, once there is one
        self.called = NEVER
        self.known = NEVER  # when it was acknowledged, or its effect was first seen by anyone

    def __repr__(self):
        return "%s %s #%s (called %.4f, known %.4f)" % (
            self.kind,
            b" ".join(self.keys[:3]).decode(),
            self.number,
            self.called,
            self.known,
        )


class State:
    """The contents after a restart, in the terms of operations."""

    def __init__(self, client):
        keys = client.must("KEYS", "*")
        lists = [key for key in keys if key.startswith(b"list:")]
        others = [key for key in keys if not key.startswith(b"list:")]
        self.lists = dict(zip(lists, client.pipeline([("LRANGE", key, 0, -1) for key in lists])))
        values = client.pipeline([("GET", key) for key in others])
        # A value may carry padding behind a space.
        self.values = {key: int(value.split(b" ")[0]) for key, value in zip(others, values)}
        self.in_list = {key: set(map(int, items)) for key, items in self.lists.items()}

    def effects_of(self, op):
        """For each of its keys, whether the effect is there."""
        if op.kind == "push" or op.kind == "exec":
            return [op.number in self.in_list.get(key, ()) for key in op.keys]
        if op.kind == "mset":
            return [self.values.get(key) == op.number for key in op.keys]
        # set and incr: the value only grows
        return [self.values.get(key, 0) >= op.number for key in op.keys]


class History:
    """The operations of all clients on one data folder, over any number of crashes."""

    def __init__(self):
        self.kept = []  # of former rounds, and still there
        self.round = []  # since the last start
        self.round_began = -NEVER

    def begin_round(self, now):
        self.round_began = now

    def check(self, state, durable_before=-NEVER, requested_until=NEVER):
        """Raises Broken, or returns (survived, lost although known) of this round.

        durable_before   everything known before that moment must be there
        requested_until  nothing requested after that moment may be there
        """
        survived, missing = self.split(state)
        self.check_explained(state, survived)
        of_round = [op for op in survived if op.called >= self.round_began]
        for op in missing:
            if op.called < self.round_began:
                raise Broken("lost, although it survived an earlier crash: %r" % op)
            if op.known < durable_before:
                raise Broken("lost: %r" % op)
        for op in of_round:
            if op.called > requested_until:
                raise Broken("there, but requested after the snapshot: %r" % op)
        self.check_prefix(survived, missing)
        self.kept = survived
        self.round = []
        return of_round, [op for op in missing if op.known < NEVER]

    def split(self, state):
        survived, missing = [], []
        for op in self.kept + self.round:
            if op.kind == "incr" and op.number is None:
                continue  # never answered: it may count or not
            effects = state.effects_of(op)
            if any(effects) and not all(effects):
                raise Broken("torn: %r, its keys %r" % (op, list(zip(op.keys, effects))))
            (survived if effects[0] else missing).append(op)
        return survived, missing

    def check_prefix(self, survived, missing):
        if not survived:
            return
        last = max(survived, key=lambda op: op.called)
        for op in missing:
            if op.known < last.called:
                raise Broken(
                    "no prefix: lost %r, but there is %r, requested %.4f s later"
                    % (op, last, last.called - op.known)
                )

    def check_explained(self, state, survived):
        """Lists hold the survivors' numbers in order and nothing else; so do the keys of MSETs."""
        expected_lists, expected_values = {}, {}
        for op in survived:
            for key in op.keys:
                if op.kind in ("push", "exec"):
                    expected_lists.setdefault(key, []).append(op.number)
                else:
                    expected_values[key] = op.number
        for key, items in state.lists.items():
            expected = sorted(expected_lists.get(key, []))
            if list(map(int, items)) != expected:
                raise Broken("%r holds %s, expected %s" % (key, tail(items), tail(expected)))
        self.check_no_gaps(expected_lists)
        for key in state.values:
            if key not in expected_values and not key.startswith(b"incr:"):
                raise Broken(
                    "%r = %d is of no operation that should be there" % (key, state.values[key])
                )

    def check_no_gaps(self, expected_lists):
        """One client writes a list, in order: what survived of it is a first part."""
        wanted = {}
        for op in self.kept + self.round:
            if op.kind in ("push", "exec"):
                for key in op.keys:
                    wanted.setdefault(key, []).append(op.number)
        for key, numbers in wanted.items():
            present = sorted(expected_lists.get(key, []))
            if sorted(numbers)[: len(present)] != present:
                raise Broken("%r has a gap: %s" % (key, tail(present)))


def tail(items):
    items = list(items)
    return "%s%r (%d)" % ("… " if len(items) > 8 else "", items[-8:], len(items))
