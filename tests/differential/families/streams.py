"""Streams with explicit ids."""

PREFIX = b"x"
WEIGHT = 4

GROUPS = (b"g1", b"g2")
CONSUMERS = (b"alice", b"bob")


def entry_id(g):
    if g.chance(0.04):
        return g.pick((b"0-0", b"x", b"", b"1-x", b"18446744073709551615-18446744073709551615"))
    return b"%d-%d" % (g.below(60), g.below(3)) if g.chance(0.7) else b"%d" % g.below(60)


def bound(g, open_end):
    if g.chance(0.4):
        return open_end
    return (b"(" if g.chance(0.15) else b"") + entry_id(g)


def fields(g):
    words = []
    for _ in range(1 + g.below(3)):
        words += [g.pick((b"f", b"g", b"h")), g.value()]
    return words


def trim(g):
    kind = g.pick(("MAXLEN", "MINID"))
    mark = g.pick(([], ["="]))
    return [kind] + mark + [g.below(20) if kind == "MAXLEN" else entry_id(g)]


def add(g):
    words = ["xadd", g.key()] + g.some_of([["NOMKSTREAM"], lambda: trim(g)], 0.12)
    # Growing ids, so that most are accepted.
    identifier = b"%d-*" % (100 + g.below(10**6)) if g.chance(0.6) else entry_id(g)
    return words + [identifier] + fields(g)


def read(g):
    keys = g.keys(1, 3)
    words = ["xread"] + g.some_of([lambda: ["COUNT", g.below(5)]], 0.5)
    return words + ["STREAMS"] + keys + [entry_id(g) for _ in keys]


def group(g):
    key, name = g.key(), g.pick(GROUPS)
    return g.pick(
        (
            lambda: ["xgroup", "create", key, name, g.pick((b"0", b"$", entry_id(g)))]
            + g.some_of([["MKSTREAM"]], 0.5),
            lambda: ["xgroup", "setid", key, name, g.pick((b"0", b"$", entry_id(g)))],
            lambda: ["xgroup", "createconsumer", key, name, g.pick(CONSUMERS)],
            lambda: ["xgroup", "delconsumer", key, name, g.pick(CONSUMERS)],
            lambda: ["xgroup", "destroy", key, name],
        )
    )()


def read_group(g):
    words = ["xreadgroup", "GROUP", g.pick(GROUPS), g.pick(CONSUMERS)]
    words += g.some_of([lambda: ["COUNT", 1 + g.below(4)], ["NOACK"]], 0.3)
    return words + ["STREAMS", g.key(), b">" if g.chance(0.7) else entry_id(g)]


def claim(g):
    if g.chance(0.3):
        return ["xautoclaim", g.key(), g.pick(GROUPS), g.pick(CONSUMERS), 0, entry_id(g), "JUSTID"]
    return ["xclaim", g.key(), g.pick(GROUPS), g.pick(CONSUMERS), 0, entry_id(g), entry_id(g)]


RECIPES = [
    (12, add),
    (3, lambda g: ["xlen", g.key()]),
    (5, lambda g: ["xrange", g.key(), bound(g, b"-"), bound(g, b"+")]),
    (3, lambda g: ["xrevrange", g.key(), bound(g, b"+"), bound(g, b"-"), "COUNT", g.below(5)]),
    (4, lambda g: ["xdel", g.key(), entry_id(g), entry_id(g)]),
    (3, lambda g: ["xtrim", g.key()] + trim(g)),
    (4, read),
    (4, group),
    (4, read_group),
    (3, lambda g: ["xack", g.key(), g.pick(GROUPS), entry_id(g), entry_id(g)]),
    (2, lambda g: ["xpending", g.key(), g.pick(GROUPS)]),
    (2, claim),
    (1, lambda g: ["xsetid", g.key(), entry_id(g)]),
]
