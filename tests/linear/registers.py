"""Keys that are overwritten with values of their own, and sums that never change.

Which value replaced which is known only where the server was asked (SET … GET); so the edges are
fewer than for tokens, but each of them is certain. Of a group of keys that every write covers as a
whole, all values that an operation sees must be the same.
"""

from history import FAILED, OK, UNKNOWN
from tokens import text

WW = ("{1} replaced the value {3} of {2}, which {0} wrote",)
WR = ("{1} read the value {3} of {2}, which {0} wrote",)
RW = ("{0} read the value {3} of {2}, which {1} replaced",)


def check_registers(history, graph, report, happened):
    operations = history.operations
    author, successor = {}, {}
    group_of = {key: group for group in history.whole_groups for key in group}
    for node, operation in enumerate(operations):
        for step in operation.steps:
            if step[0] != "write":
                continue
            _, key, value, before = step
            author[key, value] = node
            if operation.status != OK or before == UNKNOWN:
                continue
            if (key, before) in successor:
                report(
                    "lost update: two operations replaced the value %s of %s"
                    % (text(before), text(key)),
                    successor[key, before],
                    node,
                )
            successor[key, before] = node
    reads = [
        (node, step[1], step[2])
        for node, operation in enumerate(operations)
        if operation.status == OK
        for step in operation.steps
        if step[0] == "value"
    ]
    seen = {}  # (node, group) -> (key, value)
    for node, key, value in reads:
        group = group_of.get(key)
        if group is not None:
            other = seen.setdefault((node, id(group)), (key, value))
            if other[1] != value:
                report(
                    "fractured read: %s is %s, but %s is %s; every write covers both"
                    % (text(other[0]), text(other[1]), text(key), text(value)),
                    node,
                    author.get(other),
                    author.get((key, value)),
                )
        _check_value(operations, graph, report, author, happened, node, key, value)
        if (key, value) in successor:
            graph.edge(node, successor[key, value], RW + (key, value))
    for (key, before), node in successor.items():
        if before is not None and (key, before) in author:
            graph.edge(author[key, before], node, WW + (key, before))
            happened.add(author[key, before])


def _check_value(operations, graph, report, author, happened, node, key, value):
    if value is None:
        return
    source = author.get((key, value))
    if source is None:
        report("phantom: nobody wrote the value %s of %s" % (text(value), text(key)), node)
    elif operations[source].status == FAILED:
        report("aborted read: %s of %s" % (text(value), text(key)), node, source)
    else:
        happened.add(source)
        graph.edge(source, node, WR + (key, value))


def check_sums(history, report):
    for node, operation in enumerate(history.operations):
        if operation.status == OK:
            for step in operation.steps:
                if step[0] == "sum" and sum(step[2]) != step[1]:
                    report("the sum is %d, not %d" % (sum(step[2]), step[1]), node)
    for expected, values in history.final.sums:
        if sum(values) != expected:
            report("at the end the sum is %d, not %d" % (sum(values), expected))
