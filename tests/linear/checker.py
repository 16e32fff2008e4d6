#!/usr/bin/env python3
"""Strict serializability of a history: a proof, or the smallest violation in words.

The method is that of Adya ("Weak Consistency", 1999) and of Elle (Kingsbury and Alvaro, VLDB 2020):
operations are made so that their results tell the order of all versions. From that follow edges
"must come before" - who overwrote whom (ww), who saw whom (wr), who did not see whom (rw), queues,
pipelines and real time. Any order of all operations that agrees with the edges explains all that
was read and appended, so if there is no cycle, the history is strictly serializable, and such an
order is replayed as a proof. If there is one, no order exists, and the smallest cycle is the
shortest explanation why. Of overwritten keys and of queues without a log less is known: what is
found there is wrong for certain, but not all that is wrong is found.
"""

import gc
import time

from graph import Graph
from history import OK, UNKNOWN, describe, shown
from queues import check_queues
from registers import check_registers, check_sums
from tokens import Tokens

PIPELINE = ("{0} and {1} came over one connection in this order",)
SHOWN_OF_EACH = 6


class Violation(AssertionError):
    """`kind` is "cycle" or the first words of what is wrong without one."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Verdict:
    def __init__(self, operations, edges, seconds):
        self.operations = operations
        self.edges = edges
        self.seconds = seconds  # of the processor


def check(history):
    """Returns a Verdict; raises Violation."""
    collecting = gc.isenabled()
    gc.disable()  # millions of small tuples, none of them in circles
    try:
        return _check(history)
    finally:
        if collecting:
            gc.enable()


def _check(history):
    begin = time.process_time()
    operations = history.operations
    graph = Graph(operations)
    found = []

    def report(text, *nodes):
        nodes = [node for node in dict.fromkeys(nodes) if node is not None]
        found.append((text, nodes))

    tokens = Tokens(history, report)
    tokens.check(graph)
    happened = tokens.happened
    check_queues(history, graph, report, happened)
    check_registers(history, graph, report, happened)
    check_sums(history, report)
    if found:
        raise Violation(found[0][0].split(":")[0], _list(history, found))

    effective = [
        node
        for node, operation in enumerate(operations)
        if operation.status == OK or (operation.status == UNKNOWN and node in happened)
    ]
    _add_pipelines(history, graph, effective)
    graph.add_real_time(effective)
    order, cyclic = graph.order()
    if cyclic:
        raise Violation("cycle", _circle(history, graph.smallest_cycle(cyclic)))
    _replay(history, [node for node in order if node < len(operations)], set(effective))
    edges = sum(map(len, graph.out))
    return Verdict(len(operations), edges, time.process_time() - begin)


def _add_pipelines(history, graph, effective):
    last = {}
    operations = history.operations
    for node in sorted(effective, key=lambda node: operations[node].number):
        operation = operations[node]
        if history.in_order:
            lanes = (None,)
        else:
            lanes = {step[1] for step in operation.steps if isinstance(step[1], bytes)}
        for lane in lanes:
            before = last.get((operation.client, lane))
            if before is not None:
                graph.edge(before, node, PIPELINE)
            last[operation.client, lane] = node


def _replay(history, order, effective):
    """Runs the order on plain strings. A different answer would be this program's mistake."""
    values = {}
    final = history.final.values
    for node in order:
        if node not in effective:
            continue
        operation = history.operations[node]
        for step in operation.steps:
            if step[0] == "append":
                values[step[1]] = values.get(step[1], b"") + step[2]
                told = step[3] if operation.status == OK else None
                assert told is None or told == len(values[step[1]]), (node, step)
            elif step[0] == "read" and operation.status == OK:
                assert values.get(step[1], b"") == step[2], (node, step)
    for key, value in final.items():
        assert values.get(key, b"") == value, key


# --- in words -------------------------------------------------------------------------------------


def _since(operations):
    return min((operation.asked for operation in operations), default=0)


def _list(history, found):
    operations = history.operations
    since = _since(operations)
    lines = ["VIOLATION: %s" % found[0][0]]
    for node in found[0][1][:SHOWN_OF_EACH]:
        lines.append("  - " + describe(operations[node], since))
    if len(found) > 1:
        lines.append("and %d more, as:" % (len(found) - 1))
        lines += ["  " + shown(text) for text, _ in found[1 : 1 + SHOWN_OF_EACH]]
    return "\n".join(lines)


def _circle(history, cycle):
    operations = history.operations
    since = _since([operations[node] for node, _ in cycle])
    names = ["T%d" % number for number in range(1, len(cycle) + 1)]
    lines = ["VIOLATION: no order of these %d operations explains their answers" % len(cycle)]
    for name, (node, _) in zip(names, cycle):
        lines.append("  %s: %s" % (name, describe(operations[node], since)))
    lines.append("  because")
    for number, (_, why) in enumerate(cycle):
        following = (number + 1) % len(cycle)
        words = why[0].format(names[number], names[following], *map(shown, why[1:]))
        lines.append("  %s before %s: %s" % (names[number], names[following], words))
    return "\n".join(lines)
