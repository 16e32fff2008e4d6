"""EVAL and friends: scripts whose replies and effects are fixed by the data."""

PREFIX = None
WEIGHT = 2

SCRIPTS = [
    (b"return 1", 0),
    (b"return ARGV[1]", 0),
    (b"return {1,2,{3,'four'},nil,5}", 0),
    (b"return nil", 0),
    (b"return false", 0),
    (b"return true", 0),
    (b"return 3.99", 0),
    (b"return {ok='fine'}", 0),
    (b"return {err='MY broken'}", 0),
    (b"return redis.error_reply('MY other')", 0),
    (b"return redis.status_reply('YES')", 0),
    (b"return #KEYS + #ARGV", 2),
    (b"syntax error here", 0),
    (b"return redis.call('get', KEYS[1])", 1),
    (b"return redis.pcall('lpush', KEYS[1], ARGV[1])", 1),
    (b"redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])", 1),
    (b"redis.call('mset', KEYS[1], 'x', KEYS[2], ARGV[1]) return redis.call('strlen', KEYS[2])", 2),
    (b"return redis.call('del', KEYS[1], KEYS[2])", 2),
    (b"return redis.sha1hex(ARGV[1])", 0),
    (b"local v = redis.call('type', KEYS[1]) return v['ok']", 1),
    (b"return cjson.encode({1,2,{a=1}})", 0),
    (b"return cjson.decode('[1,2,{\"a\":3}]')[2]", 0),
    (b"return tostring(1/3)", 0),
    (b"return bit.band(12, 10)", 0),
    (b"return struct.pack('>I', 5)", 0),
    (b"return redis.call('nosuch')", 0),
    (b"return redis.pcall('nosuch')", 0),
    (b"local t = {} for i = 1, 5 do t[i] = redis.call('incr', KEYS[1]) end return t", 1),
]


def evaluate(g):
    script, keys = g.pick(SCRIPTS)
    words = [g.pick(("eval", "eval", "eval_ro")), script, keys]
    return words + [g.key("strings") for _ in range(keys)] + [g.value()]


RECIPES = [
    (8, evaluate),
    (1, lambda g: ["evalsha", "0" * 40, 0]),
    (1, lambda g: ["script", "exists", "0" * 40]),
    (1, lambda g: ["eval", "return 1", g.pick((-1, b"x", 1, 100))]),
]
