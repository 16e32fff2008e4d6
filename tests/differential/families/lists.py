"""Lists."""

PREFIX = b"l"
WEIGHT = 14


def push(g):
    return [g.pick(("lpush", "rpush", "lpushx", "rpushx", "rpush")), g.key()] + list_values(g)


def list_values(g):
    return [g.value() if g.chance(0.2) else g.member() for _ in range(1 + g.below(5))]


def push_many(g):
    start = g.below(1000)
    count = g.pick((60, 130, 300))
    size = g.pick((1, 1, 10, 200))
    return [g.pick(("lpush", "rpush")), g.key()] + [
        b"%d" % (start + i) * size for i in range(count)
    ]


def pop(g):
    words = [g.pick(("lpop", "rpop")), g.key()]
    if g.chance(0.4):
        words.append(g.count() if g.chance(0.9) else g.pick((100, 1000, -1)))
    return words


def insert(g):
    where = g.pick(("before", "AFTER")) if g.chance(0.97) else "x"
    return ["linsert", g.key(), where, g.member(), g.member()]


def position(g):
    options = [
        lambda: [
            "RANK",
            g.pick((1, 2, -1, -2, 3)) if g.chance(0.9) else g.pick((0, b"x", -(2**63))),
        ],
        lambda: ["COUNT", g.pick((0, 1, 2, 5)) if g.chance(0.95) else -1],
        lambda: ["MAXLEN", g.pick((0, 1, 5, 20)) if g.chance(0.95) else -1],
    ]
    return ["lpos", g.key(), g.member()] + g.some_of(options, 0.3)


def move(g):
    if g.chance(0.3):
        return ["rpoplpush", g.key(), g.key()]
    return ["lmove", g.key(), g.key(), side(g), side(g)]


def side(g):
    return g.pick(("left", "RIGHT")) if g.chance(0.98) else "x"


def multi_pop(g):
    keys = g.keys(1, 3)
    number = len(keys) if g.chance(0.95) else g.pick((0, -1, 5, b"x"))
    return ["lmpop", number] + keys + [side(g)] + g.some_of([lambda: ["COUNT", g.count()]], 0.4)


RECIPES = [
    (20, push),
    (1.5, push_many),
    (12, pop),
    (5, lambda g: ["llen", g.key()]),
    (7, lambda g: ["lindex", g.key(), g.index()]),
    (6, insert),
    (9, lambda g: ["lrange", g.key(), g.index(), g.index()]),
    (2, lambda g: ["lrange", g.key(), 0, -1]),
    (6, lambda g: ["lrem", g.key(), g.pick((0, 1, -1, 2, -3)), g.member()]),
    (6, lambda g: ["lset", g.key(), g.index(), g.value()]),
    (3, lambda g: ["ltrim", g.key(), g.index(), g.index()]),
    (6, position),
    (7, move),
    (4, multi_pop),
]
