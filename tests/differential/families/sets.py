"""Sets."""

import compare
from steps import FullScan, Step, checked

PREFIX = b"u"
WEIGHT = 14


def add(g):
    if g.chance(0.4):
        return ["sadd", g.key()] + [b"%d" % (g.below(60) - 10) for _ in range(1 + g.below(6))]
    return ["sadd", g.key()] + g.members()


def add_many(g):
    start = g.below(1000)
    form = g.pick((b"%d", b"%d", b"member:%d"))
    return ["sadd", g.key()] + [form % i for i in range(start, start + g.pick((100, 140, 520)))]


def pop(g):
    """Both servers draw their own members, so the key goes afterwards."""
    key = g.key()
    if g.chance(0.4):
        return Step(
            [["smembers", key], ["spop", key], ["scard", key], ["del", key]],
            [compare.unordered, compare.drawn(), None, None],
        )
    count = g.pick((0, 1, 3, 10))
    return Step(
        [["smembers", key], ["spop", key, count], ["scard", key], ["del", key]],
        [compare.unordered, compare.drawn(count), None, None],
    )


def pop_all(g):
    return checked(compare.unordered, "spop", g.key(), 100000)


def pop_wrong(g):
    return ["spop", g.key(), g.pick((-1, b"x", 2**63))] + g.some_of([["x"]], 0.2)


def random_member(g):
    key = g.key()
    if g.chance(0.4):
        return Step([["smembers", key], ["srandmember", key]], [compare.unordered, compare.drawn()])
    count = g.pick((0, 1, 2, 5, 1000, -1, -7))
    return Step(
        [["smembers", key], ["srandmember", key, count]], [compare.unordered, compare.drawn(count)]
    )


def random_member_wrong(g):
    return ["srandmember", g.key(), g.pick((b"x", 2**63, b""))]


def combine(g):
    return checked(compare.unordered, g.pick(("sinter", "sunion", "sdiff")), *g.keys(1, 4))


def combine_store(g):
    return [g.pick(("sinterstore", "sunionstore", "sdiffstore")), g.key()] + g.keys(1, 4)


def inter_card(g):
    keys = g.keys(1, 3)
    number = len(keys) if g.chance(0.93) else g.pick((0, -1, 9, b"x"))
    return (
        ["sintercard", number]
        + keys
        + g.some_of([lambda: ["LIMIT", g.pick((0, 1, 3, -1, b"x"))]], 0.4)
    )


def scan(g):
    options = [
        lambda: ["COUNT", g.pick((1, 10, 100))],
        lambda: ["MATCH", g.pick(("*", "m*", "1*"))],
    ]
    return FullScan(["sscan", g.key()], g.some_of(options, 0.5), pairs=False)


RECIPES = [
    (20, add),
    (1.5, add_many),
    (9, lambda g: ["srem", g.key()] + g.members()),
    (4, lambda g: checked(compare.unordered, "smembers", g.key())),
    (6, lambda g: ["sismember", g.key(), g.member()]),
    (4, lambda g: ["smismember", g.key()] + g.members()),
    (4, lambda g: ["scard", g.key()]),
    (2, pop),
    (1, pop_all),
    (0.5, pop_wrong),
    (3, random_member),
    (0.5, random_member_wrong),
    (5, lambda g: ["smove", g.key(), g.key(), g.member()]),
    (8, combine),
    (6, combine_store),
    (4, inter_card),
    (1, scan),
]
