"""Geo commands, over sorted sets of their own."""

import compare
from steps import Step

PREFIX = b"g"
WEIGHT = 2

PLACES = [
    (b"Palermo", b"13.361389", b"38.115556"),
    (b"Catania", b"15.087269", b"37.502669"),
    (b"Berlin", b"13.405", b"52.52"),
    (b"Paris", b"2.3522", b"48.8566"),
    (b"Quito", b"-78.4678", b"-0.1807"),
    (b"Suva", b"178.45", b"-18.12"),
    (b"Null", b"0", b"0"),
    (b"far", b"-179.9", b"85"),
]


def add(g):
    words = ["geoadd", g.key()] + g.some_of([["NX"], ["XX"], ["CH"]], 0.1)
    for _ in range(1 + g.below(4)):
        name, longitude, latitude = g.pick(PLACES)
        if g.chance(0.04):
            latitude = g.pick((b"91", b"x", b"-86"))
        words += [longitude, latitude, name]
    return words


def place(g):
    return g.pick(PLACES)[0] if g.chance(0.93) else b"nowhere"


def unit(g):
    return g.pick(("m", "km", "mi", "ft")) if g.chance(0.96) else "x"


def search_body(g):
    if g.chance(0.5):
        words = ["FROMMEMBER", place(g)]
    else:
        _, longitude, latitude = g.pick(PLACES)
        words = ["FROMLONLAT", longitude, latitude]
    if g.chance(0.5):
        words += ["BYRADIUS", g.pick((1, 200, 1000, 5000)), unit(g)]
    else:
        words += ["BYBOX", g.pick((200, 3000)), g.pick((400, 9000)), unit(g)]
    return words + [g.pick(("ASC", "DESC"))]


def search(g):
    options = [["WITHCOORD"], ["WITHDIST"], ["WITHHASH"], lambda: ["COUNT", 1 + g.below(4)]]
    return ["geosearch", g.key()] + search_body(g) + g.some_of(options, 0.3)


def search_unsorted(g):
    key = g.key()
    return Step([["geosearch", key] + search_body(g)[:-1]], [compare.unordered])


def search_store(g):
    return ["geosearchstore", g.key(), g.key()] + search_body(g) + g.some_of([["STOREDIST"]], 0.3)


def radius(g):
    if g.chance(0.5):
        _, longitude, latitude = g.pick(PLACES)
        words = [g.pick(("georadius", "georadius_ro")), g.key(), longitude, latitude]
    else:
        words = [g.pick(("georadiusbymember", "georadiusbymember_ro")), g.key(), place(g)]
    options = [["WITHCOORD"], ["WITHDIST"], ["WITHHASH"]]
    return words + [g.pick((100, 2000)), unit(g), g.pick(("ASC", "DESC"))] + g.some_of(options, 0.3)


RECIPES = [
    (6, add),
    (3, lambda g: ["geodist", g.key(), place(g), place(g)] + g.some_of([lambda: [unit(g)]], 0.5)),
    (3, lambda g: ["geohash", g.key(), place(g), place(g)]),
    (3, lambda g: ["geopos", g.key(), place(g), place(g)]),
    (5, search),
    (1, search_unsorted),
    (2, search_store),
    (3, radius),
    (1, lambda g: ["zrem", g.key(), place(g)]),
]
