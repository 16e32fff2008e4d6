"""Strings and counters."""

from steps import Step

PREFIX = b"s"
WEIGHT = 20


def set_(g):
    options = [["NX"], ["XX"], ["GET"], ["KEEPTTL"], g.expiry_option]
    return ["set", g.key(), g.value()] + g.some_of(options, 0.15)


def set_in_the_past(g):
    # The read removes the key on both sides; before it, Redis may still count it.
    key = g.key()
    option = g.pick((["EXAT", 1], ["PXAT", 1000]))
    return Step([["set", key, g.value()] + option, ["get", key], ["exists", key]])


def set_any(g):
    return ["set", g.any_key(), g.value()]


def setex(g):
    if g.chance(0.5):
        return ["setex", g.key(), g.life_s() if g.chance(0.9) else g.bad_time(), g.value()]
    return ["psetex", g.key(), g.life_ms() if g.chance(0.9) else g.bad_time(), g.value()]


def getex(g):
    return ["getex", g.key()] + g.some_of([["PERSIST"], g.expiry_option], 0.3)


def getex_in_the_past(g):
    return ["getex", g.key()] + g.pick((["EXAT", 1], ["PXAT", 1000]))


def mset(g):
    words = [g.pick(("mset", "mset", "msetnx"))]
    for key in g.keys(1, 5):
        words += [key, g.value()]
    return words


def get_range(g):
    return [g.pick(("getrange", "substr")), g.key(), g.index(), g.index()]


def set_range(g):
    offset = (
        g.below(100) if g.chance(0.85) else g.pick((3000, 20000, -1, 536870912, b"x", 2**63 - 1))
    )
    return ["setrange", g.key(), offset, g.value()]


def step_by_one(g):
    return [g.pick(("incr", "decr")), g.key()]


def step_by(g):
    return [g.pick(("incrby", "decrby")), g.key(), g.integer()]


def incr_by_float(g):
    return ["incrbyfloat", g.key(), g.floating()]


def number(g):
    return ["set", g.key(), g.integer() if g.chance(0.7) else g.floating()]


def lcs(g):
    options = [["LEN"], ["IDX"], lambda: ["MINMATCHLEN", g.count()], ["WITHMATCHLEN"]]
    return ["lcs", g.key(), g.key()] + g.some_of(options, 0.25)


RECIPES = [
    (16, set_),
    (2, set_any),
    (1, set_in_the_past),
    (4, setex),
    (14, lambda g: ["get", g.key()]),
    (3, lambda g: ["getset", g.key(), g.value()]),
    (3, lambda g: ["getdel", g.key()]),
    (4, getex),
    (1, getex_in_the_past),
    (4, lambda g: ["setnx", g.key(), g.value()]),
    (6, lambda g: ["mget"] + g.keys(1, 6)),
    (5, mset),
    (6, lambda g: ["append", g.key(), g.value()]),
    (4, lambda g: ["strlen", g.key()]),
    (5, get_range),
    (5, set_range),
    (6, step_by_one),
    (6, step_by),
    (6, incr_by_float),
    (6, number),
    (2, lcs),
]
