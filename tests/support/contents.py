"""Data of every type and encoding, and a server's contents as one value that can be compared."""

import random

FAR_MS = 4102444800000  # 2100-01-01
DATABASES = 16


def fill(client, scale=1, seed=1):
    """Every type, small and large, some with expiry, in three databases."""
    rng = random.Random(seed)
    for database in (0, 3, 15):
        commands = [("SELECT", database)]
        for i in range(40 * scale):
            commands += _values(rng, b"%d:%d" % (database, i))
        commands += [
            ("SET", b"", b"of the empty key"),
            ("SET", b"binary\x00\r\n\xff", bytes(range(256))),
            ("SET", b"blob", b"compressible " * 20000),
            ("SET", b"noise", rng.randbytes(100000)),
        ]
        for reply in client.pipeline(commands):
            assert not (isinstance(reply, bytes) and reply.startswith((b"ERR", b"WRONG"))), reply
    client.must("SELECT", 0)


def _values(rng, name):
    size = rng.choice((1, 5, 20, 150, 600))
    words = [b"%s:%d" % (rng.choice((b"m", b"longer-name", b"x" * 70)), i) for i in range(size)]
    numbers = rng.sample(range(-1000, 100000), size)
    scored = [x for i, word in enumerate(words) for x in (rng.choice((i, i / 3, -1e20)), word)]
    fields = [x for word in words for x in (word, rng.choice((b"1", b"value", b"v" * 100)))]
    commands = [
        ("SET", b"string:" + name, rng.choice((b"short", b"12345", b"-1", b"y" * 45, b"z" * 3000))),
        ("SETRANGE", b"raw:" + name, 3, b"abc"),
        ("RPUSH", b"list:" + name, *words),
        ("SADD", b"set:" + name, *words),
        ("SADD", b"ints:" + name, *numbers),
        ("HSET", b"hash:" + name, *fields),
        ("ZADD", b"zset:" + name, *scored),
    ]
    for command in list(commands):
        if rng.random() < 0.2:
            commands.append(("PEXPIREAT", command[1], FAR_MS + rng.randrange(10**9)))
    return commands


def _read_command(kind, key):
    return {
        b"string": ("GET", key),
        b"list": ("LRANGE", key, 0, -1),
        b"set": ("SMEMBERS", key),
        b"hash": ("HGETALL", key),
        b"zset": ("ZRANGE", key, 0, -1, "WITHSCORES"),
    }[bytes(kind)]


def _normal(kind, value):
    if kind == b"set":
        return sorted(value)
    if kind == b"hash":
        return sorted(zip(value[::2], value[1::2]))
    if kind == b"zset":  # a score has several texts
        return [(member, float(score)) for member, score in zip(value[::2], value[1::2])]
    return value


def contents(client):
    """{(database, key): (type, value, moment of expiry)}"""
    found = {}
    for database in range(DATABASES):
        client.must("SELECT", database)
        keys = client.must("KEYS", "*")
        assert client.must("DBSIZE") == len(keys), (database, client.must("DBSIZE"), len(keys))
        kinds = client.pipeline([("TYPE", key) for key in keys])
        values = client.pipeline([_read_command(kind, key) for key, kind in zip(keys, kinds)])
        expiries = client.pipeline([("PEXPIRETIME", key) for key in keys])
        for key, kind, value, expiry in zip(keys, kinds, values, expiries):
            found[database, key] = (bytes(kind), _normal(kind, value), expiry)
    client.must("SELECT", 0)
    return found


def difference(expected, got, limit=5):
    """What differs, in a few lines; empty if nothing."""
    lines = []
    for place in sorted(set(expected) | set(got)):
        if expected.get(place) != got.get(place):
            lines.append(
                "%r: expected %.200r, got %.200r" % (place, expected.get(place), got.get(place))
            )
    more = ["… and %d more" % (len(lines) - limit)] if len(lines) > limit else []
    return "\n".join(lines[:limit] + more)
