"""Bit commands, on the strings' keys as well."""

PREFIX = b"b"
WEIGHT = 8


def offset(g):
    if g.chance(0.9):
        return g.below(200)
    return g.pick((3000, 100000, -1, b"x", 4294967296, b"", 2**63))


def set_bit(g):
    return [
        "setbit",
        key(g),
        offset(g),
        g.pick((0, 1, 1, 1)) if g.chance(0.97) else g.pick((2, -1, b"x")),
    ]


def get_bit(g):
    return ["getbit", key(g), offset(g)]


def key(g):
    return g.key("strings") if g.chance(0.15) else g.key()


def unit(g):
    return g.some_of([["BYTE"], ["BIT"]], 0.3)


def bit_count(g):
    words = ["bitcount", key(g)]
    if g.chance(0.7):
        words += [g.index(), g.index()] + unit(g)
    return words


def bit_pos(g):
    words = ["bitpos", key(g), g.pick((0, 1)) if g.chance(0.97) else g.pick((2, b"x"))]
    roll = g.random()
    if roll > 0.3:
        words.append(g.index())
    if roll > 0.5:
        words += [g.index()] + unit(g)
    return words


def bit_op(g):
    operation = g.pick(("and", "or", "xor", "not", "AND", "nor"))
    sources = (
        [key(g)]
        if operation == "not" and g.chance(0.8)
        else [key(g) for _ in range(1 + g.below(4))]
    )
    return ["bitop", operation, key(g)] + sources


def field_type(g):
    if g.chance(0.95):
        return g.pick(("i1", "u1", "i8", "u8", "i5", "u7", "i16", "u32", "i33", "i64", "u63"))
    return g.pick(("u64", "i65", "i0", "x8", "", "u"))


def field_offset(g):
    if g.chance(0.9):
        return g.pick((b"%d", b"#%d")) % g.below(40)
    return g.pick((b"-1", b"#-1", b"x", b"4294967296", b"#", b""))


def bit_field(g):
    readonly = g.chance(0.2)
    words = ["bitfield_ro" if readonly else "bitfield", key(g)]
    for _ in range(1 + g.below(4)):
        kind = (
            "get" if readonly and g.chance(0.95) else g.pick(("get", "set", "incrby", "overflow"))
        )
        if kind == "overflow":
            words += ["overflow", g.pick(("wrap", "SAT", "fail", "fail", "x"))]
            continue
        words += [kind, field_type(g), field_offset(g)]
        if kind != "get":
            words.append(g.integer())
    return words


RECIPES = [
    (6, set_bit),
    (4, get_bit),
    (4, bit_count),
    (5, bit_pos),
    (4, bit_op),
    (6, bit_field),
    (1, lambda g: ["get", g.key()]),
    (1, lambda g: ["set", g.key(), g.value()]),
]
