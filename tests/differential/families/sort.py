"""SORT and SORT_RO over lists, sets and sorted sets."""

import compare
from resp_client import parse
from steps import Step, checked

PREFIX = None
WEIGHT = 2


def source(g):
    return g.key(g.pick(("lists", "lists", "sets", "zsets")))


def fill(g):
    """Numbers to sort, and strings and hashes for BY and GET to look up."""
    return ["rpush", g.key("lists")] + [g.below(30) for _ in range(8)]


def fill_weights(g):
    words = ["mset"]
    for i in range(10):
        words += [b"w%d" % i, g.below(10), b"{tag}w%d" % i, g.value()]
    return words


def sort(g):
    readonly = g.chance(0.2)
    options = [
        lambda: ["LIMIT", g.pick((0, 1, 3, -1)), g.pick((0, 2, 10, -1))],
        lambda: ["GET", g.pick((b"#", b"w*", b"{tag}w*", b"h*->m1", b"none"))],
        lambda: ["GET", g.pick((b"#", b"w*"))],
        [g.pick(("ASC", "desc"))],
    ]
    words = ["sort_ro" if readonly else "sort", source(g)] + g.some_of(options, 0.35)
    if g.chance(0.25):
        words += ["BY", g.pick((b"w*", b"w*", b"{tag}w*"))]
    if g.chance(0.2):
        words += ["STORE", g.key("lists")]
    return words


def in_c_order(raw_a, raw_b, earlier=None):
    """Collation ends at a NUL byte: what differs only behind one may come in any order."""
    if raw_a == raw_b:
        return None
    if compare.unordered(raw_a, raw_b):
        return "differ"
    heads = [[(item or b"").split(b"\0")[0] for item in parse(raw)[0]] for raw in (raw_a, raw_b)]
    return None if heads[0] == heads[1] else "differ in order"


def sort_alpha(g):
    # Not BY: equal weights would leave the order open.
    if g.chance(0.4):
        return ["sort", source(g), "ALPHA", "STORE", g.key("lists")]
    return checked(in_c_order, "sort", source(g), "ALPHA", g.pick(("ASC", "DESC")))


def sort_unsorted(g):
    # Of a fresh list: the order of anything else is open.
    key = g.key("lists")
    fill_it = ["rpush", key] + [g.below(30) for _ in range(8)]
    options = g.some_of([["GET", "#"], ["LIMIT", 1, 3], ["DESC"], ["ALPHA"]], 0.3)
    return Step([["del", key], fill_it, ["sort", key, "BY", "nosort"] + options])


RECIPES = [(3, fill), (2, fill_weights), (6, sort), (3, sort_alpha), (2, sort_unsorted)]
