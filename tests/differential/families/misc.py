"""Connection commands, unknown commands, protocol versions."""

import compare
from steps import Step, checked

PREFIX = None
WEIGHT = 3


def unknown(g):
    return g.pick(
        (
            ["nosuchcommand"],
            ["nosuchcommand", g.key(), g.value()],
            ["get|x", g.key()],
            [""],
            ["x" * 150, "y" * 150],
            ["two words", "a\r\nb"],
            ["xx", b"\x00\xff", "'", '"'],
        )
    )


def switch_protocol(g):
    return checked(compare.hello, "hello", g.pick((2, 3)))


def hello_wrong(g):
    # A step as it is: a mutation could make a HELLO of it that succeeds, whose reply holds each server's own id.
    return Step(
        [
            g.pick(
                (
                    ["hello", 4],
                    ["hello", 1],
                    ["hello", "x"],
                    ["hello", 2, "x"],
                    ["hello", 3, "AUTH", "default"],
                )
            )
        ]
    )


def client_name(g):
    return Step(
        [
            ["client", "setname", g.pick(("name", "a b", ""))],
            ["client", "getname"],
            ["client", "setname", ""],
        ]
    )


RECIPES = [
    (3, lambda g: ["ping"] + g.some_of([["hello"], ["x"]], 0.3)),
    (2, lambda g: ["echo", g.value()]),
    (4, unknown),
    (3, switch_protocol),
    (1, hello_wrong),
    (1, client_name),
]
