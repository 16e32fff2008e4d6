"""Blocking commands on one connection: they serve at once, or give up after a very short wait.

What they do when another client wakes them is in tests/integration.
"""

PREFIX = None
WEIGHT = 1


def timeout(g):
    return (
        g.pick((b"0.005", b"0.001"))
        if g.chance(0.93)
        else g.pick((b"-1", b"x", b"", b"nan", b"1e300"))
    )


def side(g):
    return g.pick(("left", "RIGHT")) if g.chance(0.98) else "x"


def pop(g):
    return [g.pick(("blpop", "brpop"))] + g.keys(1, 3, "lists") + [timeout(g)]


def move(g):
    if g.chance(0.4):
        return ["brpoplpush", g.key("lists"), g.key("lists"), timeout(g)]
    return ["blmove", g.key("lists"), g.key("lists"), side(g), side(g), timeout(g)]


def multi_pop(g):
    family, name, sides = g.pick(
        (("lists", "blmpop", ("left", "right")), ("zsets", "bzmpop", ("min", "max")))
    )
    keys = g.keys(1, 3, family)
    words = [name, timeout(g), len(keys)] + keys + [g.pick(sides)]
    return words + g.some_of([lambda: ["COUNT", 1 + g.below(4)]], 0.4)


def pop_score(g):
    return [g.pick(("bzpopmin", "bzpopmax"))] + g.keys(1, 3, "zsets") + [timeout(g)]


RECIPES = [(4, pop), (3, move), (3, multi_pop), (3, pop_score)]
