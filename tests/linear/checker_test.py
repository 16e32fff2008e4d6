#!/usr/bin/env python3
"""The checker itself, on small histories made by hand: clean ones pass, each anomaly is found."""

import random
import unittest

from checker import Violation, check
from history import FAILED, OK, UNKNOWN, History


class Maker(History):
    """A history in shorthand: op("a", 1, 2, steps…) by client "a" from time 1 to time 2."""

    def op(self, client, asked, told, *steps, status=OK):
        number = len(self.operations)
        commands = [tuple(str(word).encode() for word in step[:3]) for step in steps]
        return self.add(client, number, "test", commands, None, asked, told, status, list(steps))


def append(key, token, end=None):
    return ("append", key, token, end)


def read(key, value):
    return ("read", key, value)


def push(queue, element, length=None):
    return ("push", queue, element, length)


def pop(queue, element):
    return ("pop", queue, element)


X, Y, Q, LOG = b"x", b"y", b"q", b"log"


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.h = Maker()

    def final(self, queues=None, **values):
        self.h.final.values = {key.encode(): value for key, value in values.items()}
        self.h.final.queues = queues or {}

    def assert_clean(self):
        return check(self.h)

    def assert_violation(self, kind, *words):
        with self.assertRaises(Violation) as caught:
            check(self.h)
        self.assertEqual(caught.exception.kind, kind, str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))
        return str(caught.exception)


class TokenTest(CheckerTest):
    def test_nothing(self):
        self.assert_clean()

    def test_overlapping_operations_may_take_any_order(self):
        self.h.op("a", 0, 10, append(X, b"1,", 4))
        self.h.op("b", 0, 10, append(X, b"2,", 2))
        self.h.op("c", 5, 6, read(X, b"2,"))
        self.h.op("d", 5, 6, read(X, b"2,1,"))
        self.h.op("e", 5, 6, read(X, b""))
        self.final(x=b"2,1,")
        self.assert_clean()

    def test_lost_update(self):
        self.h.op("a", 0, 1, append(X, b"1,"))
        self.h.op("b", 0, 1, append(X, b"2,"))
        self.final(x=b"2,")
        self.assert_violation("lost update", "1,")

    def test_lost_update_seen_by_a_length(self):
        self.h.op("a", 0, 1, append(X, b"1,", 2))
        self.h.op("b", 0, 1, append(X, b"2,", 2))
        self.final(x=b"1,2,")
        self.assert_violation("lost update")

    def test_lost_update_seen_by_a_read(self):
        self.h.op("a", 0, 5, append(X, b"1,"))
        self.h.op("b", 0, 5, append(X, b"2,"))
        self.h.op("c", 0, 5, read(X, b"2,"))
        self.final(x=b"1,2,")
        self.assert_violation("another order")

    def test_phantoms(self):
        self.h.op("a", 0, 5, read(X, b"1,"))
        self.assert_violation("phantom")
        self.h = Maker()
        self.final(x=b"1,")
        self.assert_violation("phantom")

    def test_aborted_read(self):
        self.h.op("a", 0, 5, append(X, b"1,"), status=FAILED)
        self.h.op("b", 0, 5, read(X, b"1,"))
        self.final(x=b"")
        self.assert_violation("aborted read")

    def test_effect_of_a_failed_operation(self):
        self.h.op("a", 0, 5, append(X, b"1,"), status=FAILED)
        self.final(x=b"1,")
        self.assert_violation("effect of a failed operation")

    def test_failed_operation_without_effect(self):
        self.h.op("a", 0, 5, append(X, b"1,"), status=FAILED)
        self.h.op("b", 6, 7, read(X, b""))
        self.assert_clean()

    def test_done_twice(self):
        self.h.op("a", 0, 5, append(X, b"1,"))
        self.final(x=b"1,1,")
        self.assert_violation("done twice")

    def test_half_an_operation_of_unknown_outcome(self):
        self.h.op("a", 0, None, append(X, b"1,"), append(Y, b"1,"), status=UNKNOWN)
        self.final(x=b"1,", y=b"")
        self.assert_violation("half an operation")
        self.final(x=b"", y=b"")
        self.assert_clean()
        self.final(x=b"1,", y=b"1,")
        self.assert_clean()

    def test_unknown_outcome_takes_effect_late_but_not_early(self):
        self.h.op("a", 5, None, append(X, b"1,"), status=UNKNOWN)
        self.h.op("b", 90, 91, read(X, b""))
        self.h.op("b", 92, 93, read(X, b"1,"))
        self.final(x=b"1,")
        self.assert_clean()
        self.h.op("c", 1, 2, read(X, b"1,"))
        self.assert_violation("cycle")

    def test_half_a_token(self):
        self.h.op("a", 0, 5, append(X, b"12,"))
        self.h.op("b", 0, 5, read(X, b"1"))
        self.final(x=b"12,")
        self.assert_violation("half a token")

    def test_reads_between_the_appends_of_one_operation(self):
        self.h.op("a", 0, 5, append(X, b"1,"), append(X, b"2,"))
        self.h.op("b", 0, 5, read(X, b"1,"))
        self.final(x=b"1,2,")
        self.assert_violation("cycle")

    def test_own_appends_are_seen(self):
        self.h.op("a", 0, 5, read(X, b""), append(X, b"1,", 2), read(X, b"1,"))
        self.final(x=b"1,")
        self.assert_clean()
        self.h.op("b", 6, 7, append(X, b"2,", 4), read(X, b"1,"))
        self.final(x=b"1,2,")
        self.assert_violation("does not see its own append to x")

    def test_fractured_read(self):
        self.h.op("a", 0, 9, append(X, b"1,"), append(Y, b"1,"))
        self.h.op("b", 0, 9, read(X, b"1,"), read(Y, b""))
        self.final(x=b"1,", y=b"1,")
        text = self.assert_violation("cycle", "2 operations", "which T1 appended")
        self.assertIn("before", text)

    def test_stale_read(self):
        self.h.op("a", 0, 1, append(X, b"1,"))
        self.h.op("b", 2, 3, read(X, b""))
        self.final(x=b"1,")
        self.assert_violation("cycle", "was answered before")

    def test_touching_intervals_are_concurrent(self):
        self.h.op("a", 0, 2, append(X, b"1,"))
        self.h.op("b", 2, 3, read(X, b""))
        self.final(x=b"1,")
        self.assert_clean()

    def test_long_fork(self):
        self.h.op("a", 0, 99, append(X, b"1,"))
        self.h.op("b", 0, 99, append(Y, b"1,"))
        self.h.op("c", 0, 99, read(X, b"1,"), read(Y, b""))
        self.h.op("d", 0, 99, read(X, b""), read(Y, b"1,"))
        self.final(x=b"1,", y=b"1,")
        self.assert_violation("cycle", "4 operations")

    def test_order_through_time_of_others(self):
        """b saw a; c began after b and does not: three operations, one of them by time."""
        self.h.op("a", 0, 99, append(X, b"1,"))
        self.h.op("b", 1, 2, read(X, b"1,"))
        self.h.op("c", 3, 4, read(X, b""))
        self.final(x=b"1,")
        self.assert_violation("cycle", "3 operations")

    def test_smallest_cycle_is_shown(self):
        """A circle of four, and one of two beside it."""
        self.h.op("a", 0, 99, append(X, b"1,"))
        self.h.op("b", 0, 99, append(Y, b"1,"))
        self.h.op("c", 0, 99, read(X, b"1,"), read(Y, b""))
        self.h.op("d", 0, 99, read(X, b""), read(Y, b"1,"))
        self.h.op("e", 100, 101, read(X, b""))
        self.final(x=b"1,", y=b"1,")
        self.assert_violation("cycle", "2 operations")

    def test_write_skew_under_watch(self):
        """Each read what the other was about to write, and both succeeded."""
        self.h.op("a", 0, 9, read(X, b""), append(Y, b"1,"))
        self.h.op("b", 0, 9, read(Y, b""), append(X, b"1,"))
        self.final(x=b"1,", y=b"1,")
        self.assert_violation("cycle", "2 operations")

    def test_lost_update_under_watch(self):
        self.h.op("a", 0, 9, read(X, b""), append(X, b"1,"))
        self.h.op("b", 0, 9, read(X, b""), append(X, b"2,"))
        self.final(x=b"1,2,")
        self.assert_violation("cycle")

    def test_pipeline_runs_in_order(self):
        self.h.op("a", 0, 9, append(X, b"1,"))
        self.h.op("a", 0, 9, append(Y, b"1,"))
        self.h.op("b", 0, 9, read(X, b""), read(Y, b"1,"))
        self.final(x=b"1,", y=b"1,")
        self.assert_violation("cycle", "one connection")
        self.h.in_order = False  # only key by key
        self.assert_clean()

    def test_pipeline_on_one_key_runs_in_order(self):
        self.h.in_order = False
        self.h.op("a", 0, 9, append(X, b"1,"))
        self.h.op("a", 0, 9, append(X, b"2,"))
        self.final(x=b"2,1,")
        self.assert_violation("cycle", "one connection")

    def test_pipeline_reads_never_go_back(self):
        self.h.in_order = False
        self.h.op("a", 0, 9, append(X, b"1,"))
        self.h.op("b", 0, 9, read(X, b"1,"))
        self.h.op("b", 0, 9, read(X, b""))
        self.final(x=b"1,")
        self.assert_violation("cycle", "one connection")


class RegisterTest(CheckerTest):
    def write(self, client, asked, told, value, before=UNKNOWN, status=OK):
        steps = [("write", key, value, before) for key in (X, Y)]
        self.h.op(client, asked, told, *steps, status=status)

    def test_fractured_read(self):
        self.h.whole_groups = [frozenset((X, Y))]
        self.write("a", 0, 9, b"1")
        self.h.op("b", 0, 9, ("value", X, b"1"), ("value", Y, b"1"))
        self.h.op("c", 0, 9, ("value", X, None), ("value", Y, None))
        self.assert_clean()
        self.h.op("d", 0, 9, ("value", X, b"1"), ("value", Y, None))
        self.assert_violation("fractured read")

    def test_two_replaced_the_same(self):
        self.write("a", 0, 9, b"1", None)
        self.write("b", 0, 9, b"2", b"1")
        self.assert_clean()
        self.write("c", 0, 9, b"3", b"1")
        self.assert_violation("lost update")

    def test_stale_value(self):
        self.write("a", 0, 1, b"1", None)
        self.write("b", 2, 3, b"2", b"1")
        self.h.op("c", 2, 9, ("value", X, b"1"))
        self.assert_clean()
        self.h.op("c", 4, 5, ("value", X, b"1"))
        self.assert_violation("cycle", "which T")

    def test_aborted_read(self):
        self.write("a", 0, 9, b"1", status=FAILED)
        self.h.op("b", 0, 9, ("value", X, b"1"))
        self.assert_violation("aborted read")

    def test_sum(self):
        self.h.op("a", 0, 1, ("sum", 30, [10, 20]))
        self.assert_clean()
        self.h.op("b", 0, 1, ("sum", 30, [10, 10]))
        self.assert_violation("the sum is 20, not 30")

    def test_final_sum(self):
        self.h.final.sums = [(30, [10, 19])]
        self.assert_violation("at the end the sum is 29, not 30")


class QueueTest(CheckerTest):
    def pushes(self, *elements, logged=True):
        """One after the other; from time 0 on, ten apart."""
        if logged:
            self.h.logs = {Q: LOG}
        for number, element in enumerate(elements):
            steps = [append(LOG, element)] if logged else []
            self.h.op("p%d" % number, 10 * number, 10 * number + 5, *steps, push(Q, element))
        self.final(log=b"".join(elements) if logged else b"")

    def test_in_order(self):
        for logged in (True, False):
            self.h = Maker()
            self.pushes(b"1,", b"2,", b"3,", logged=logged)
            self.h.op("c", 20, 40, pop(Q, b"1,"))
            self.h.op("d", 20, 40, pop(Q, b"2,"))
            self.h.final.queues = {Q: [b"3,"]}
            self.assert_clean()

    def test_delivered_twice(self):
        self.pushes(b"1,")
        self.h.op("c", 20, 30, pop(Q, b"1,"))
        self.h.op("d", 20, 30, pop(Q, b"1,"))
        self.assert_violation("delivered twice")

    def test_lost(self):
        self.pushes(b"1,")
        self.assert_violation("lost")

    def test_lost_to_a_connection_that_went(self):
        self.pushes(b"1,")
        self.h.op("c", 20, None, ("pop", (Q,), None), status=UNKNOWN)
        self.assert_clean()

    def test_delivered_and_still_there(self):
        self.pushes(b"1,")
        self.h.op("c", 20, 30, pop(Q, b"1,"))
        self.h.final.queues = {Q: [b"1,"]}
        self.assert_violation("delivered, but still there at the end")

    def test_never_pushed(self):
        self.h.op("c", 20, 30, pop(Q, b"1,"))
        self.assert_violation("delivered, but never pushed")

    def test_delivered_before_it_was_pushed(self):
        self.h.op("c", 0, 1, pop(Q, b"1,"))
        self.h.op("a", 2, 3, push(Q, b"1,"))
        self.assert_violation("cycle", "pushed 1,")

    def test_inverted(self):
        for logged in (True, False):
            self.h = Maker()
            self.pushes(b"1,", b"2,", logged=logged)
            self.h.op("c", 50, 60, pop(Q, b"2,"))
            self.h.op("d", 70, 80, pop(Q, b"1,"))
            self.assert_violation("cycle", "2 operations")

    def test_inverted_on_one_connection(self):
        self.h.op("a", 0, 5, push(Q, b"1,"))
        self.h.op("a", 0, 5, push(Q, b"2,"))
        self.h.op("c", 50, 60, pop(Q, b"2,"))
        self.h.op("d", 70, 80, pop(Q, b"1,"))
        self.assert_violation("cycle", "one connection pushed")

    def test_overtaken(self):
        for logged in (True, False):
            self.h = Maker()
            self.pushes(b"1,", b"2,", logged=logged)
            self.h.op("c", 50, 60, pop(Q, b"2,"))
            self.h.final.queues = {Q: [b"1,"]}
            self.assert_violation("overtaken")

    def test_concurrent_pushes_may_be_delivered_in_any_order(self):
        self.h.op("a", 0, 5, push(Q, b"1,"))
        self.h.op("b", 0, 5, push(Q, b"2,"))
        self.h.op("c", 50, 60, pop(Q, b"2,"))
        self.h.op("d", 70, 80, pop(Q, b"1,"))
        self.assert_clean()

    def test_one_operation_takes_several(self):
        for logged in (True, False):
            self.h = Maker()
            self.pushes(b"1,", b"2,", b"3,", logged=logged)
            self.h.op("c", 50, 60, pop(Q, b"1,"), pop(Q, b"2,"))
            self.h.op("d", 50, 60, pop(Q, b"3,"))
            self.assert_clean()
            self.h.op("e", 70, 80, pop(Q, b"0,"))
            self.h.op("p", 1, 2, *([append(LOG, b"0,")] if logged else []), push(Q, b"0,"))
            self.h.final.values[LOG] = b"0,1,2,3," if logged else b""
            self.assert_violation("cycle")

    def test_contents(self):
        self.pushes(b"1,", b"2,", b"3,")
        self.h.op("c", 21, 40, pop(Q, b"1,"))
        self.h.op("d", 21, 40, read(LOG, b"1,2,3,"), ("contents", Q, [b"2,", b"3,"]))
        self.h.op("e", 5, 40, read(LOG, b"1,2,"), ("contents", Q, [b"1,", b"2,"]))
        self.h.final.queues = {Q: [b"2,", b"3,"]}
        self.assert_clean()
        self.h.op("f", 50, 51, read(LOG, b"1,2,3,"), ("contents", Q, [b"1,", b"2,", b"3,"]))
        self.assert_violation("cycle")

    def test_contents_with_a_hole(self):
        self.pushes(b"1,", b"2,", b"3,")
        self.h.op("d", 20, 40, ("contents", Q, [b"1,", b"3,"]))
        self.h.final.queues = {Q: [b"1,", b"2,", b"3,"]}
        self.assert_violation("saw 1,3,, which is no stretch of the pushes 1,2,3, (queue q)")

    def test_empty_although_the_log_has_an_element(self):
        self.pushes(b"1,")
        self.h.op("d", 20, 21, read(LOG, b"1,"), ("contents", Q, []))
        self.h.op("c", 20, 40, pop(Q, b"1,"))
        self.assert_clean()
        self.h.op("e", 30, 31, read(LOG, b"1,"), ("contents", Q, [b"1,"]))
        self.assert_violation("cycle")

    def test_length_of_a_push(self):
        self.h.logs = {Q: LOG}
        self.h.op("a", 0, 9, append(LOG, b"1,"), push(Q, b"1,", 1))
        self.h.op("b", 0, 9, append(LOG, b"2,"), push(Q, b"2,", 1))
        self.h.op("c", 0, 99, pop(Q, b"1,"))
        self.final(log=b"1,2,", queues={Q: [b"2,"]})
        self.assert_clean()
        self.h.operations[2].asked = 20  # nobody can have taken it by then
        self.assert_violation("cycle", "took 1,")

    def test_moved_element_is_seen_once(self):
        sink = b"sink"
        self.pushes(b"1,")
        self.h.op("m", 10, 90, pop(Q, b"1,"), append(sink, b"1,"))
        self.h.op("r", 10, 90, read(LOG, b"1,"), ("contents", Q, [b"1,"]), read(sink, b""))
        self.final(log=b"1,", sink=b"1,")
        self.assert_clean()
        self.h.op("s", 10, 90, read(LOG, b"1,"), ("contents", Q, [b"1,"]), read(sink, b"1,"))
        self.assert_violation("cycle", "2 operations")

    def test_empty_reply_while_an_element_was_there(self):
        self.pushes(b"1,", logged=False)
        self.h.op("c", 3, 20, ("empty", (Q,)))  # asked before the push was answered
        self.h.op("d", 30, 40, pop(Q, b"1,"))
        self.assert_clean()
        self.h.op("e", 10, 20, ("empty", (Q,)))
        self.assert_violation("found q empty, although something (first 1,) was in it all the time")


class SpeedTest(CheckerTest):
    def test_a_simulated_server_is_clean_and_one_swap_is_found(self):
        """Tens of thousands of operations of a made-up single-threaded server."""
        rng = random.Random(7)
        values = {}
        now = 0
        free = {client: 0 for client in range(20)}
        for number in range(20000):
            client = rng.choice(list(free))
            now += 10
            point = max(now, free[client] + 1)
            steps = []
            for key in rng.sample(range(8), rng.choice((1, 1, 3))):
                key = b"%d:%d" % (number // 400, key)
                steps.append(read(key, values.get(key, b"")))
                if rng.random() < 0.5:
                    token = b"%d.%d," % (number, len(steps))
                    values[key] = values.get(key, b"") + token
                    steps.append(append(key, token, len(values[key])))
            now = point
            asked = max(point - rng.randrange(100), free[client] + 1)
            free[client] = point + rng.randrange(1, 200)
            self.h.op(client, min(asked, point), free[client], *steps)
        self.h.final.values = values
        verdict = self.assert_clean()
        self.assertLess(verdict.seconds, 20)
        # One read of the many goes back by one token.
        victim = next(
            op
            for op in self.h.operations[15000:]
            if len(op.steps) == 1 and op.steps[0][2].count(b",") > 5
        )
        key, value = victim.steps[0][1:]
        victim.steps = [read(key, b",".join(value.split(b",")[:-3]) + b",")]
        self.assert_violation("cycle")


if __name__ == "__main__":
    unittest.main(verbosity=1)
