"""Sorted sets."""

import compare
from steps import FullScan, Step

PREFIX = b"z"
WEIGHT = 18


def add(g):
    words = ["zadd", g.key()] + g.some_of([["NX"], ["XX"], ["gt"], ["LT"], ["CH"], ["INCR"]], 0.09)
    for _ in range(1 + g.below(4)):
        words += [g.floating(), g.member()]
    return words if g.chance(0.98) else words[:-1]


def add_one(g):
    options = g.some_of([["NX"], ["XX"], ["GT"], ["LT"], ["CH"], ["INCR"]], 0.25)
    return ["zadd", g.key()] + options + [g.floating(), g.member()]


def add_many(g):
    start = g.below(300)
    words = ["zadd", g.key()]
    same_score = g.chance(0.3)
    for i in range(start, start + g.pick((30, 70, 130, 260))):
        words += [b"1" if same_score else b"%d" % (i * 7 % 100), b"member:%d" % i]
    return words


def add_same_score(g, key=None):
    """Food for the commands by name."""
    words = ["zadd", g.key() if key is None else key]
    for name in g.members(8):
        words += [0, name]
    return words


def score_bound(g):
    if g.chance(0.05):
        return g.pick((b"x", b"(x", b"", b"(", b"nan"))
    if g.chance(0.15):
        return g.pick((b"-inf", b"+inf", b"(-inf", b"(inf", b"inf"))
    return g.pick((b"", b"(")) + b"%d" % (g.below(100) - 50)


def name_bound(g):
    if g.chance(0.05):
        return g.pick((b"x", b"", b"(", b"[", b"++", b"-x"))
    if g.chance(0.25):
        return g.pick((b"-", b"+"))
    return g.pick((b"[", b"(")) + g.pick(
        (b"a", b"m", b"m1", b"m2", b"foo", b"b", b"1", b"member:5", b"\xff", b"zz")
    )


def limit(g):
    return (
        ["LIMIT", g.pick((0, 0, 1, 3, 100, -1)), g.pick((0, 1, 5, 100, -1))]
        if g.chance(0.95)
        else ["LIMIT", "x", 1]
    )


def range_options(g):
    """(min, max, options) of ZRANGE and ZRANGESTORE, by rank or by score."""
    if g.chance(0.55):
        low, high, by = g.index(), g.index(), []
    else:
        low, high, by = score_bound(g), score_bound(g), ["BYSCORE"]
    options = by + g.some_of([["REV"]], 0.35)
    if by or g.chance(0.05):
        options += g.some_of([lambda: limit(g)], 0.35)
    return [low, high] + options


def zrange(g):
    return ["zrange", g.key()] + range_options(g) + g.some_of([["WITHSCORES"]], 0.5)


def zrange_store(g):
    return ["zrangestore", g.key(), g.key()] + range_options(g)


def zrange_all(g):
    return ["zrange", g.key(), 0, -1, "WITHSCORES"]


def rev_range(g):
    return ["zrevrange", g.key(), g.index(), g.index()] + g.some_of([["withscores"]], 0.4)


def range_by_score(g):
    name = g.pick(("zrangebyscore", "zrevrangebyscore"))
    return [name, g.key(), score_bound(g), score_bound(g)] + g.some_of(
        [["WITHSCORES"], lambda: limit(g)], 0.4
    )


# A range by name has a meaning only where all scores are equal: in the others, Redis's answer
# depends on the random shape of its skip list. So these steps first look at the scores, or make a
# sorted set with equal scores.


def exact_if_equal_scores(raw_a, raw_b, earlier):
    scored = earlier[0]
    if isinstance(scored, list) and scored:
        nested = isinstance(scored[0], list)
        scores = {item[1] for item in scored} if nested else set(scored[1::2])
        if len(scores) > 1:
            return compare.same_type(raw_a, raw_b)
    return None if raw_a == raw_b else "differ"


def by_lex(g):
    """The arguments after the key of ZRANGE … BYLEX."""
    return [name_bound(g), name_bound(g), "bylex"] + g.some_of([["REV"], lambda: limit(g)], 0.35)


def range_by_lex(g):
    key = g.key()
    name = g.pick(("zrangebylex", "zrevrangebylex", "zlexcount", "zrange"))
    if name == "zrange":
        command = [name, key] + by_lex(g) + g.some_of([["WITHSCORES"]], 0.03)
    else:
        command = [name, key, name_bound(g), name_bound(g)]
        command += g.some_of([lambda: limit(g)], 0.4) if name != "zlexcount" else []
    return Step([["zrange", key, 0, -1, "WITHSCORES"], command], [None, exact_if_equal_scores])


def change_by_lex(g):
    key = g.key()
    if g.chance(0.5):
        command = ["zremrangebylex", key, name_bound(g), name_bound(g)]
    else:
        command = ["zrangestore", g.key(), key] + by_lex(g)
    return Step([["del", key], add_same_score(g, key), command])


def rank(g):
    return [g.pick(("zrank", "zrevrank")), g.key(), g.member()]


def remove_range(g):
    if g.chance(0.5):
        return ["zremrangebyrank", g.key(), g.index(), g.index()]
    return ["zremrangebyscore", g.key(), score_bound(g), score_bound(g)]


def pop(g):
    return [g.pick(("zpopmin", "zpopmax")), g.key()] + g.some_of([lambda: [g.count()]], 0.4)


def multi_pop(g):
    keys = g.keys(1, 3)
    number = len(keys) if g.chance(0.95) else g.pick((0, -1, 5, b"x"))
    words = ["zmpop", number] + keys + [g.pick(("min", "MAX")) if g.chance(0.97) else "x"]
    return words + g.some_of([lambda: ["COUNT", g.count()]], 0.4)


def random_member(g):
    key = g.key()
    drawn_count = g.pick((0, 1, 2, 5, 1000, -1, -7))
    members, all_ = ["zrange", key, 0, -1], ["zrange", key, 0, -1, "withscores"]
    return g.pick(
        (
            lambda: Step([members, ["zrandmember", key]], [None, compare.drawn()]),
            lambda: Step(
                [members, ["zrandmember", key, drawn_count]], [None, compare.drawn(drawn_count)]
            ),
            lambda: Step(
                [all_, ["zrandmember", key, drawn_count, "withscores"]],
                [None, compare.drawn(drawn_count, with_values=True)],
            ),
            lambda: ["zrandmember", key, g.pick((b"x", 2**63)), g.pick(("withscores", "x"))],
        )
    )()


def sources(g):
    """numkeys and keys, sets among them."""
    keys = [g.key("sets") if g.chance(0.15) else g.key() for _ in range(1 + g.below(4))]
    number = len(keys) if g.chance(0.95) else g.pick((0, -1, len(keys) + 3, b"x"))
    return keys, [number] + keys


def combine_options(g, keys):
    def weights():
        count = len(keys) if g.chance(0.95) else len(keys) + 1
        return ["WEIGHTS"] + [g.floating() for _ in range(count)]

    return g.some_of(
        [weights, lambda: ["AGGREGATE", g.pick(("sum", "MIN", "max", "max", "min"))]], 0.3
    )


def combine(g):
    keys, words = sources(g)
    name = g.pick(("zunion", "zinter", "zdiff"))
    options = combine_options(g, keys) if name != "zdiff" or g.chance(0.05) else []
    return [name] + words + options + g.some_of([["WITHSCORES"]], 0.6)


def combine_store(g):
    keys, words = sources(g)
    name = g.pick(("zunionstore", "zinterstore", "zdiffstore"))
    options = combine_options(g, keys) if name != "zdiffstore" or g.chance(0.05) else []
    return [name, g.key()] + words + options


def inter_card(g):
    _, words = sources(g)
    return ["zintercard"] + words + g.some_of([lambda: ["LIMIT", g.pick((0, 1, 3, -1, b"x"))]], 0.4)


def scan(g):
    options = [
        lambda: ["COUNT", g.pick((1, 10, 100))],
        lambda: ["MATCH", g.pick(("*", "m*", "member:1*"))],
    ]
    return FullScan(["zscan", g.key()], g.some_of(options, 0.5), pairs=True)


RECIPES = [
    (14, add),
    (8, add_one),
    (3, add_same_score),
    (1.5, add_many),
    (7, lambda g: ["zrem", g.key()] + g.members()),
    (5, lambda g: ["zscore", g.key(), g.member()]),
    (3, lambda g: ["zmscore", g.key()] + g.members()),
    (6, lambda g: ["zincrby", g.key(), g.floating(), g.member()]),
    (3, lambda g: ["zcard", g.key()]),
    (4, lambda g: ["zcount", g.key(), score_bound(g), score_bound(g)]),
    (14, zrange),
    (2, zrange_all),
    (4, rev_range),
    (6, range_by_score),
    (6, range_by_lex),
    (2, change_by_lex),
    (4, zrange_store),
    (6, rank),
    (4, remove_range),
    (4, pop),
    (3, multi_pop),
    (3, random_member),
    (6, combine),
    (6, combine_store),
    (3, inter_card),
    (1, scan),
]
