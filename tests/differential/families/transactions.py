"""MULTI, EXEC, DISCARD and WATCH over exact commands of the other chosen families."""

from steps import Step

PREFIX = None
WEIGHT = 3

INSIDE = ("strings", "bits", "lists", "hashes", "sets", "zsets", "hll", "geo")
# Not inside MULTI: they would end or nest it, or change the connection for what follows.
EXCLUDED = {"multi", "exec", "discard", "watch", "hello", "select"}


def some_commands(g):
    families = [family for family in INSIDE if family in g.families]
    commands = (
        [g.plain_command(families) for _ in range(1 + g.below(6))] if families else [["ping"]]
    )
    return [args for args in commands if args[0] not in EXCLUDED]


def transaction(g):
    return Step([["multi"]] + some_commands(g) + [[g.pick(("exec", "exec", "exec", "discard"))]])


def transaction_in_two_databases(g):
    body = some_commands(g) + [["select", g.pick((1, 2))]] + some_commands(g) + [["select", 0]]
    return Step([["multi"]] + body + [["exec"]])


def refused_command(g):
    wrong = g.pick((["get"], ["nosuchcommand", "x"], ["set", "a"]))
    return Step([["multi"]] + some_commands(g) + [wrong] + some_commands(g) + [["exec"]])


def nested(g):
    return Step([["multi"], ["multi"], ["watch", g.any_key()], ["get", g.key("strings")], ["exec"]])


def outside(g):
    return Step([[g.pick(("exec", "discard", "unwatch"))]])


def watched(g):
    """Some commands by the same client may or may not touch the watched keys."""
    keys = g.keys(1, 3, "strings")
    between = some_commands(g) if g.chance(0.6) else []
    if g.chance(0.2):
        between = between + [["unwatch"]]
    return Step([["watch"] + keys] + between + [["multi"]] + some_commands(g) + [["exec"]])


RECIPES = [
    (6, transaction),
    (1, transaction_in_two_databases),
    (1, refused_command),
    (1, nested),
    (1, outside),
    (4, watched),
]
