"""The libraries of scripts, on generated values: what a script gets from cjson, cmsgpack, struct and
bit. (tests/unit/core/script holds them against Redis value by value; here the way through EVAL is
part of it.)
"""

from stage import Scenes

SCENES = Scenes("libraries", needs=("scripts",))
scenario = SCENES.scenario


def number(random):
    return random.choice(
        (
            str(random.randrange(-300, 300)),
            "2^%d" % random.randrange(64),
            "-2^%d" % random.randrange(64),
            str(random.randrange(1 << 30) / 1024),
            "1/3",
            "1e300",
        )
    )


def text(random):
    return "'%s'" % "".join(
        random.choice(("a", "B", "0", " ", "\\0", "\\n", '"', "/", "\\\\", "\\255", "\\195\\169"))
        for _ in range(random.randrange(9))
    )


def value(random, depth):
    """A table has one field by name at most, as Redis leaves the order of several open."""
    dice = random.randrange(10 if depth else 7)
    if dice < 3:
        return number(random)
    if dice < 5:
        return text(random)
    if dice < 7:
        return random.choice(("true", "false", "cjson.null"))
    if dice < 9:
        return "{%s}" % ",".join(value(random, depth - 1) for _ in range(random.randrange(5)))
    return "{[%s]=%s}" % (text(random), value(random, depth - 1))


@scenario(seeds=3, resps=(2,))
def json(stage):
    a = stage.client()
    for _ in range(50):
        a("EVAL", "return cjson.encode(%s)" % value(stage.random, 3), 0)
        a("EVAL", "return cjson.decode(cjson.encode(%s))" % value(stage.random, 3), 0)
    for source in ("[1,[2,[3]],null]", '{"a":[]}', "[1e400]", "[nan]", "{", "[1,]", "", "12", '"x"'):
        a("EVAL", "return cjson.decode(ARGV[1])", 0, source)
    a("EVAL", "return cjson.encode({[1000]=1})", 0)
    a("EVAL", "return cjson.encode(redis.call)", 0)
    a("EVAL", "local t = {} t.t = t return cjson.encode(t)", 0)
    a("EVAL", "return cjson.decode(('['):rep(2000))", 0)


@scenario(seeds=3, resps=(2,))
def messagepack(stage):
    a = stage.client()
    for _ in range(50):
        a("EVAL", "return cmsgpack.pack(%s)" % value(stage.random, 3), 0)
        a("EVAL", "return {cmsgpack.unpack(cmsgpack.pack(%s))}" % value(stage.random, 3), 0)
        data = bytes(stage.random.choice((1, 0x91, 0x81, 0xA1, 0xC0, 0xCC, 0xD9)) for _ in range(6))
        a("EVAL", "return {cmsgpack.unpack(ARGV[1])}", 0, data)
        a("EVAL", "return {cmsgpack.unpack_limit(ARGV[1], 2, 1)}", 0, data)


@scenario(seeds=3, resps=(2,))
def structures(stage):
    a = stage.client()
    for _ in range(60):
        form = "".join(
            stage.random.choice(("b", "B", "h", "H", "i", "I3", "l", "L", "d", "x", ">", "<", "!4"))
            for _ in range(5)
        )
        values = ",".join(number(stage.random) for _ in range(6))
        a("EVAL", "return struct.pack('%s',%s)" % (form, values), 0)
        data = bytes(stage.random.randrange(256) for _ in range(stage.random.randrange(40)))
        a("EVAL", "return {struct.unpack('%s',ARGV[1])}" % form, 0, data)
        a("EVAL", "return struct.size('%s')" % form, 0)


@scenario(seeds=2, resps=(2,))
def bits(stage):
    a = stage.client()
    for _ in range(60):
        name = stage.random.choice(
            ("band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tohex")
        )
        arguments = number(stage.random), number(stage.random)
        a("EVAL", "return tostring(bit.%s(%s,%s))" % ((name,) + arguments), 0)
    a("EVAL", "return bit.tohex(255, -2147483648)", 0)
    a("EVAL", "return bit.band()", 0)
    a("EVAL", "return bit.bnot('x')", 0)
