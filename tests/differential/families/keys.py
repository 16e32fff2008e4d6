"""Commands on keys of any type: deletion, expiry, renaming, copying, databases, iteration,
inspection.
"""

import compare
from steps import CompareContents, Expiry, FullScan, Step, Transfer, checked

PREFIX = None
WEIGHT = 16

OTHER_DATABASES = (1, 2, 9)


def delete(g):
    return [g.pick(("del", "unlink"))] + g.keys(1, 4)


def count_existing(g):
    return [g.pick(("exists", "touch"))] + g.keys(1, 4)


def expire(g):
    name, make = g.pick(
        (
            ("expire", g.life_s),
            ("pexpire", g.life_ms),
            ("expireat", g.moment_s),
            ("pexpireat", g.moment_ms),
        )
    )
    time = make() if g.chance(0.93) else g.bad_time()
    return [name, g.key(), time] + g.some_of([["NX"], ["XX"], ["GT"], ["lt"], ["ZZ"]], 0.13)


def expire_in_the_past(g):
    name = g.pick(("expire", "pexpire", "expireat", "pexpireat"))
    return [name, g.key(), g.pick((-1, 0, 1 if name.endswith("at") else -5))]


def ttl(g):
    return checked(compare.near_seconds, "ttl", g.key())


def pttl(g):
    return checked(compare.near_milliseconds, "pttl", g.key())


def expire_time(g):
    return checked(compare.near_seconds, "expiretime", g.key())


def pexpire_time(g):
    return checked(compare.near_milliseconds, "pexpiretime", g.key())


def rename(g):
    return [g.pick(("rename", "renamenx")), g.key(), g.key()]


def copy(g):
    options = [["REPLACE"], lambda: ["DB", g.pick((0, 0, 0) + OTHER_DATABASES + (16, -1, b"x"))]]
    return ["copy", g.key(), g.key()] + g.some_of(options, 0.35)


def move(g):
    return ["move", g.key(), g.pick((0,) + OTHER_DATABASES + (16, -1, b"x"))]


def visit(g):
    """Some commands in another database, and back."""
    database = g.pick(OTHER_DATABASES)
    inner = [g.plain_command(g.families) for _ in range(1 + g.below(4))]
    inner = [args for args in inner if str(args[0]).lower() not in ("select", "swapdb")]
    return Step([["select", database]] + inner + [["select", 0]])


def select(g):
    return Step([["select", g.pick((0, 15, 16, -1, b"x", 99999999999))], ["select", 0]])


def swap(g):
    # Twice, so that the populated database stays number 0 most of the time.
    a, b = g.pick((0,) + OTHER_DATABASES), g.pick((0,) + OTHER_DATABASES)
    return Step([["swapdb", a, b], ["dbsize"], ["mget"] + g.keys(2, 5), ["swapdb", b, a]])


def swap_wrong(g):
    return ["swapdb", g.pick((0, 16, -1, b"x")), g.pick((16, -1, b"x", 99999999999))]


def flush_other(g):
    return Step(
        [
            ["select", g.pick(OTHER_DATABASES)],
            ["flushdb"] + g.pick(([], ["ASYNC"], ["SYNC"])),
            ["select", 0],
        ]
    )


def flush_all(g):
    return ["flushall"] + g.pick(([], ["ASYNC"], ["sync"], ["x"]))


def keys(g):
    pattern = g.pick(
        (
            "*",
            "*",
            "s*",
            "{tag}*",
            "[a-l]?",
            "[^s]*",
            "*\\0*",
            "h[0-2]",
            "z?",
            "l1",
            "",
            "[",
            "\\*",
            "nothing*",
        )
    )
    return checked(compare.unordered, "keys", pattern)


def random_key(g):
    return Step([["keys", "*"], ["randomkey"]], [compare.unordered, compare.drawn()])


def scan(g):
    options = g.some_of(
        [
            lambda: ["COUNT", g.pick((1, 3, 10, 1000))],
            lambda: ["MATCH", g.pick(("*", "s*", "*1", "{tag}*", "[lz]?"))],
            lambda: ["TYPE", g.pick(("string", "list", "hash", "set", "zset", "stream", "x"))],
        ],
        0.5,
    )
    return FullScan(["scan"], options, pairs=False)


SCANS_REFUSED = [
    ["scan"],
    ["scan", "x"],
    ["scan", "12x"],
    ["scan", "0", "COUNT", "0"],
    ["scan", "0", "COUNT", "x"],
    ["scan", "0", "MATCH"],
    ["scan", "0", "x", "y"],
]


def scan_wrong(g):
    of_key = [
        ["hscan", g.key("hashes"), "x"],
        ["sscan", g.key("sets"), "0", "COUNT", "-1"],
        ["zscan", g.key("zsets"), "0", "TYPE", "zset"],
    ]
    return g.pick(SCANS_REFUSED + of_key)


def encoding(g):
    return ["object", "encoding", g.key()]


def refcount(g):
    return checked(compare.same_type, "object", "refcount", g.key())


def idle_time(g):
    # Small numbers of seconds, that can differ by the load of the machine.
    return checked(compare.same_type, "object", "idletime", g.key())


def object_wrong(g):
    return g.pick(
        (["object"], ["object", "x", g.key()], ["object", "freq", g.key()], ["object", "encoding"])
    )


def expiry(g):
    # Nothing may follow the command that sets the short life: it could come too late on one side.
    key = g.key()
    if g.chance(0.5):
        return Expiry(key, [["set", key, "v", "PX", 5 + g.below(20)]])
    return Expiry(key, [["setnx", key, "v"], ["pexpire", key, 1 + g.below(20)]])


def transfer(g):
    return Transfer(g.key(), g.key())


RECIPES = [
    (14, delete),
    (6, count_existing),
    (6, lambda g: ["type", g.key()]),
    (10, expire),
    (2, expire_in_the_past),
    (4, ttl),
    (4, pttl),
    (3, expire_time),
    (3, pexpire_time),
    (4, lambda g: ["persist", g.key()]),
    (6, rename),
    (6, copy),
    (3, move),
    (3, visit),
    (1, select),
    (0.5, swap),
    (0.5, swap_wrong),
    (0.3, flush_other),
    (0.03, flush_all),
    (2, keys),
    (1, random_key),
    (1, scan),
    (1, scan_wrong),
    (8, encoding),
    (1, refcount),
    (1, idle_time),
    (1, object_wrong),
    (2, lambda g: ["dbsize"]),
    (0.1, expiry),
    (1, transfer),
    (0.02, lambda g: CompareContents()),
]
