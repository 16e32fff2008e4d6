"""HyperLogLog."""

PREFIX = b"p"
WEIGHT = 2


def add(g):
    return ["pfadd", g.key()] + (g.members() if g.chance(0.9) else [])


def add_many(g):
    start = g.below(5000)
    return ["pfadd", g.key()] + [b"e%d" % i for i in range(start, start + g.pick((50, 500)))]


RECIPES = [
    (6, add),
    (2, add_many),
    (5, lambda g: ["pfcount"] + g.keys(1, 3)),
    (3, lambda g: ["pfmerge"] + g.keys(1, 3)),
    (1, lambda g: ["get", g.key()]),
    (1, lambda g: ["set", g.key(), g.value()]),
]
