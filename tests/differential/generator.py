"""The seeded source of commands: pools of keys, values and numbers, and the mix of families.

Few keys and few members, so that commands meet the same things again and again: types collide,
encodings convert, and collections become empty. The same seed and families give the same stream.
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from families import FAMILIES
from resp_client import to_bytes
from steps import Inline, Step

OWN_KEY_PART = 0.93
MUTATED_PART = 0.02
ODD_CASE_PART = 0.03
INLINE_PART = 0.02
BATCH = 2000

# 2100-01-01; absolute times start here, so nothing expires during a run by itself.
FAR_S = 4102444800
# Relative lives are at least this long, for the same reason.
LONG_S = 100000

LONG_KEY = b"long:" + b"k" * 300

# fmt: off
JUNK = [
    b"", b"abc", b"-1", b"0", b"1.5", b" 1", b"1 ", b"+1", b"01", b"0x10", b"nan", b"inf", b"-inf",
    b"1e400", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
    b"-9223372036854775809", b"18446744073709551616", b"\xff\x00", b"(1", b"[a", b"*", b"LIMIT",
    b"WITHSCORES", b"NX", b"COUNT",
]
# fmt: on

# A spoiled one of these could still be valid: an answer drawn at random, or an endless wait.
# fmt: off
NEVER_SPOILED = {
    "spop", "srandmember", "hrandfield", "zrandmember", "scan", "hscan", "sscan", "zscan", "blpop",
    "brpop", "blmove", "brpoplpush", "blmpop", "bzmpop", "bzpopmin", "bzpopmax",
}

INTEGERS = [
    b"9223372036854775807", b"-9223372036854775808", b"9223372036854775800", b"4294967296",
    b"-4294967297", b"2147483647", b"65536", b"32767", b"-32769", b"255", b"-128",
]

FLOATS = [
    b"0", b"-0", b"0.1", b"3.14159", b"-2.5", b"1e3", b"5.0", b"1e-7", b"1e17",
    b"123456789.123456789", b"1e21", b"3.0e0", b"-0.0001", b"100000000000000000000", b"2.5e-15",
]

ODD_FLOATS = [
    b"inf", b"-inf", b"+inf", b"nan", b"1e400", b"abc", b"", b" 1", b"1 ", b"0x1p3", b"+5", b".5",
    b"5.",
]

WORDS = [
    b"a", b"b", b"foo", b"bar", b"hello world", b"", b"\x00\x01\xff", b"line\r\nbreak",
    b"\xc3\xa9t\xc3\xa9", b"quote\"'\\", b"{tag}", b"x" * 44, b"y" * 45, b"z" * 63, b"w" * 64,
    b"v" * 65, b"1.0", b"-0", b"007", b" 12", b"3.25", b"1e5", b"true", b"12345678901234567890",
]
# fmt: on

MEMBERS = (
    [b"m%d" % i for i in range(24)] + [b"%d" % i for i in range(-3, 12)] + WORDS[:16] + INTEGERS[:6]
)


def key_names(prefix):
    return [b"%s%d" % (prefix, i) for i in range(5)] + [
        b"{tag}" + prefix,
        b"%s\x00\r\n\xff" % prefix,
    ]


class Generator:
    def __init__(self, seed, families):
        self.rng = random.Random(seed)
        self.random = self.rng.random
        self.below = lambda n: int(self.random() * n)
        unknown = set(families) - set(FAMILIES)
        if unknown:
            raise ValueError("no such family: %s" % ", ".join(sorted(unknown)))
        self.families = families
        self.pools = {
            name: key_names(FAMILIES[name].PREFIX) for name in FAMILIES if FAMILIES[name].PREFIX
        }
        self.all_keys = [key for pool in self.pools.values() for key in pool] + [
            b"",
            LONG_KEY,
            b"k",
        ]
        self.recipes = []
        self.weights = []
        self.plain = []
        for name in families:
            table = FAMILIES[name].RECIPES
            total = sum(weight for weight, _ in table)
            for weight, recipe in table:
                self.recipes.append((name, recipe))
                self.weights.append(FAMILIES[name].WEIGHT * weight / total)
        self.family = None

    # --- the stream -------------------------------------------------------------------------------

    def steps(self):
        """Endless."""
        while True:
            for family, recipe in self.rng.choices(self.recipes, self.weights, k=BATCH):
                self.family = family
                made = recipe(self)
                yield self.finish(made) if type(made) is list else made

    def plain_command(self, families):
        """The arguments of one command whose reply is exact, from one of these families (or those
        chosen).
        """
        while True:
            family, recipe = self.rng.choices(self.recipes, self.weights)[0]
            if family in families:
                self.family = family
                made = recipe(self)
                if type(made) is list:
                    return made

    def finish(self, args):
        """Sometimes spoils a command, writes its name in odd case, or sends it as an inline
        command.
        """
        roll = self.random()
        if roll < MUTATED_PART and args[0] not in NEVER_SPOILED:
            args = self.mutate(args)
        elif roll < MUTATED_PART + ODD_CASE_PART:
            args = [self.pick((str.upper, str.title))(args[0])] + args[1:]
        elif roll < MUTATED_PART + ODD_CASE_PART + INLINE_PART:
            words = list(map(to_bytes, args))
            if all(w and all(33 <= c < 127 and c not in b"\"'\\*" for c in w) for w in words):
                step = Inline([words])
                if len(step.payload()) < 1000:
                    return step
        return Step((args,))

    def mutate(self, args):
        """Wrong arity, or one argument that makes no sense there."""
        args = list(args)
        roll = self.below(4)
        if roll == 0 and len(args) > 1:
            args.pop()
        elif roll == 1:
            args.append(self.pick(JUNK))
        elif len(args) > 1:
            args[1 + self.below(len(args) - 1)] = self.pick(JUNK)
        else:
            args.append(self.pick(self.all_keys))
        return args

    # --- ingredients ------------------------------------------------------------------------------

    def pick(self, items):
        return items[int(self.random() * len(items))]

    def chance(self, part):
        return self.random() < part

    def key(self, family=None):
        """Mostly one of the family's own keys, now and then any other."""
        if self.random() < OWN_KEY_PART:
            return self.pick(self.pools.get(family or self.family, self.all_keys))
        return self.pick(self.all_keys)

    def any_key(self):
        return self.pick(self.all_keys)

    def keys(self, least=1, most=4, family=None):
        return [self.key(family) for _ in range(least + self.below(most - least + 1))]

    def value(self):
        roll = self.random()
        if roll < 0.3:
            return b"%d" % (self.below(300) - 100)
        if roll < 0.85:
            return self.pick(WORDS)
        if roll < 0.93:
            return self.pick(INTEGERS)
        if roll < 0.96:
            return self.pick(FLOATS)
        return self.blob()

    def blob(self):
        size = self.pick((100, 200, 500, 1000, 4000, 9000, 20000))
        return self.pick((b"\x00", b"q", b"\r\n", b"0123456789abcdef")) * (size // 2)

    def member(self):
        if self.random() < 0.97:
            return self.pick(MEMBERS)
        return self.value()

    def members(self, most=5):
        return [self.member() for _ in range(1 + self.below(most))]

    def integer(self):
        roll = self.random()
        if roll < 0.8:
            return b"%d" % (self.below(200) - 100)
        return self.pick(INTEGERS) if roll < 0.95 else self.pick(JUNK)

    def index(self):
        """A position in a collection, often outside of it."""
        if self.random() < 0.92:
            return b"%d" % (self.below(40) - 20)
        return self.pick(
            (b"1000", b"-1000", b"0", b"9223372036854775807", b"-9223372036854775808", b"x")
        )

    def count(self):
        return b"%d" % self.below(12) if self.random() < 0.92 else self.pick(JUNK)

    def floating(self):
        roll = self.random()
        if roll < 0.5:
            return b"%d" % (self.below(100) - 50)
        return self.pick(FLOATS) if roll < 0.95 else self.pick(ODD_FLOATS)

    def some_of(self, options, part=0.2):
        """Each option, a list of words or a function that makes one, with that chance; in random
        order.
        """
        chosen = [option for option in options if self.random() < part]
        if len(chosen) > 1:
            self.rng.shuffle(chosen)
        words = []
        for option in chosen:
            words += option() if callable(option) else option
        return words

    # --- times ------------------------------------------------------------------------------------

    def life_s(self):
        return LONG_S + self.below(10**6) * 100

    def life_ms(self):
        return self.life_s() * 1000

    def moment_s(self):
        return FAR_S + self.below(2000)

    def moment_ms(self):
        return self.moment_s() * 1000 + self.below(1000)

    def bad_time(self):
        return self.pick(
            (b"0", b"-1", b"abc", b"9223372036854775807", b"1.5", b"", b"-9223372036854775808")
        )

    def expiry_option(self):
        kind = self.pick(("EX", "PX", "EXAT", "PXAT"))
        if self.chance(0.07):
            return [kind, self.pick((b"0", b"-1", b"abc", b"9223372036854775807", b""))]
        make = {
            "EX": self.life_s,
            "PX": self.life_ms,
            "EXAT": self.moment_s,
            "PXAT": self.moment_ms,
        }[kind]
        return [kind, make()]
