"""Hashes."""

import compare
from steps import FullScan, Step, checked

PREFIX = b"h"
WEIGHT = 14


def field_values(g):
    words = []
    for _ in range(1 + g.below(4)):
        words += [g.member(), g.value()]
    return words


def set_fields(g):
    words = [g.pick(("hset", "hset", "hmset")), g.key()] + field_values(g)
    return words if g.chance(0.97) else words[:-1]


def set_many(g):
    start = g.below(300)
    words = ["hset", g.key()]
    for i in range(start, start + g.pick((20, 70, 130, 300))):
        words += [b"field:%d" % i, b"%d" % i]
    return words


def random_field(g):
    key = g.key()
    count = g.pick((0, 1, 2, 5, 200, -1, -7))
    return g.pick(
        (
            lambda: Step(
                [["hkeys", key], ["hrandfield", key]], [compare.unordered, compare.drawn()]
            ),
            lambda: Step(
                [["hkeys", key], ["hrandfield", key, count]],
                [compare.unordered, compare.drawn(count)],
            ),
            lambda: Step(
                [["hgetall", key], ["hrandfield", key, count, "WITHVALUES"]],
                [compare.pairs, compare.drawn(count, with_values=True)],
            ),
            lambda: [
                "hrandfield",
                key,
                g.pick((b"x", 2**63, -(2**63))),
                g.pick(("WITHVALUES", "x")),
            ],
        )
    )()


def scan(g):
    options = [
        lambda: ["COUNT", g.pick((1, 10, 100))],
        lambda: ["MATCH", g.pick(("*", "m*", "field:1*"))],
    ]
    return FullScan(["hscan", g.key()], g.some_of(options, 0.5), pairs=True)


RECIPES = [
    (18, set_fields),
    (1.5, set_many),
    (4, lambda g: ["hsetnx", g.key(), g.member(), g.value()]),
    (8, lambda g: ["hget", g.key(), g.member()]),
    (6, lambda g: ["hmget", g.key()] + g.members()),
    (4, lambda g: checked(compare.pairs, "hgetall", g.key())),
    (2, lambda g: checked(compare.unordered, "hkeys", g.key())),
    (2, lambda g: checked(compare.unordered, "hvals", g.key())),
    (9, lambda g: ["hdel", g.key()] + g.members()),
    (4, lambda g: ["hlen", g.key()]),
    (4, lambda g: ["hexists", g.key(), g.member()]),
    (4, lambda g: ["hstrlen", g.key(), g.member()]),
    (7, lambda g: ["hincrby", g.key(), g.member(), g.integer()]),
    (6, lambda g: ["hincrbyfloat", g.key(), g.member(), g.floating()]),
    (4, random_field),
    (1, scan),
]
