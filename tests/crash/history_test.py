#!/usr/bin/env python3
"""The rules of history.py catch what they are meant to catch."""

import os
import sys
import unittest

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from history import NEVER, Broken, History, Operation, State


def operation(kind, keys, number, called, known=NEVER):
    op = Operation(kind, keys, number)
    op.called, op.known = called, known
    return op


def state(lists=None, values=None):
    made = State.__new__(State)
    made.lists = {key: [b"%d" % n for n in numbers] for key, numbers in (lists or {}).items()}
    made.in_list = {key: set(numbers) for key, numbers in (lists or {}).items()}
    made.values = values or {}
    return made


class Rules(unittest.TestCase):
    def setUp(self):
        self.history = History()
        self.history.round = [
            operation("push", [b"list:a"], 1, called=1, known=2),
            operation("push", [b"list:b"], 2, called=3, known=4),
            operation("mset", [b"m:1", b"m:2"], 3, called=5, known=6),
        ]
        self.all = state({b"list:a": [1], b"list:b": [2]}, {b"m:1": 3, b"m:2": 3})

    def broken(self, text, contents, **limits):
        with self.assertRaisesRegex(Broken, text):
            self.history.check(contents, **limits)

    def test_everything_there(self):
        survived, lost = self.history.check(self.all, durable_before=NEVER)
        self.assertEqual((len(survived), len(lost)), (3, 0))

    def test_a_prefix_is_enough_without_durability(self):
        survived, lost = self.history.check(state({b"list:a": [1]}))
        self.assertEqual((len(survived), len(lost)), (1, 2))

    def test_lost_although_durable(self):
        self.broken("lost", state({b"list:a": [1]}), durable_before=NEVER)

    def test_torn(self):
        self.broken("torn", state({b"list:a": [1], b"list:b": [2]}, {b"m:1": 3}))

    def test_no_prefix(self):
        self.broken("no prefix", state({b"list:b": [2]}))

    def test_unexplained_item(self):
        self.broken("holds", state({b"list:a": [1, 9]}))

    def test_twice(self):
        self.broken("holds", state({b"list:a": [1, 1]}))

    def test_requested_after_the_snapshot(self):
        self.broken("after the snapshot", self.all, requested_until=4)

    def test_what_survived_once_stays(self):
        self.history.check(self.all)
        self.history.begin_round(10)
        self.broken("earlier crash", state({b"list:a": [1], b"list:b": [2]}))

    def test_what_was_lost_stays_away(self):
        self.history.check(state({b"list:a": [1]}))
        self.history.begin_round(10)
        self.broken("holds", state({b"list:a": [1], b"list:b": [2]}))


if __name__ == "__main__":
    unittest.main()
