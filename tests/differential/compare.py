"""How two servers' replies to one command are held against each other.

A check is a function (raw_a, raw_b, earlier) -> None if they agree, else what is wrong. `earlier`
holds the reference's parsed replies to the commands before it in the same step. The default check
is equality of bytes; the others are for replies whose order or value Redis leaves open.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from resp_client import Double, Error, MapReply, Push, SetReply, Status, Verbatim, parse

TTL_TOLERANCE_S = 60
ORDER = "differ, whatever the order"


def canonical(value):
    """A nested tuple that keeps the type of every part, so that an integer never equals a bulk
    string.
    """
    if isinstance(value, MapReply):
        return ("map", tuple((canonical(k), canonical(v)) for k, v in value))
    if isinstance(value, (SetReply, Push)):
        return (type(value).__name__, tuple(map(canonical, value)))
    if isinstance(value, list):
        return ("array", tuple(map(canonical, value)))
    if isinstance(value, (Status, Error, Double, Verbatim)):
        return (type(value).__name__, bytes(value))
    return (type(value).__name__, value)


def sort_key(value):
    return repr(canonical(value))


def unordered(raw_a, raw_b, earlier=None):
    """The same elements in any order."""
    if raw_a == raw_b:
        return None
    if raw_a[:1] != raw_b[:1]:
        return "different types"
    a, b = parse(raw_a)[0], parse(raw_b)[0]
    if not isinstance(a, list) or not isinstance(b, list):
        return "differ"
    return None if sorted(map(sort_key, a)) == sorted(map(sort_key, b)) else ORDER


def as_pairs(value):
    """(field, value) pairs of a map, of a flat array, or of an array of pairs."""
    if isinstance(value, MapReply):
        return list(value)
    if value and all(isinstance(item, list) and len(item) == 2 for item in value):
        return [tuple(item) for item in value]
    return list(zip(value[::2], value[1::2]))


def pairs(raw_a, raw_b, earlier=None):
    """The same pairs in any order."""
    if raw_a == raw_b:
        return None
    if raw_a[:1] != raw_b[:1]:
        return "different types"
    a, b = parse(raw_a)[0], parse(raw_b)[0]
    if not isinstance(a, list) or not isinstance(b, list):
        return "differ"
    same = len(a) == len(b) and sorted(map(sort_key, as_pairs(a))) == sorted(
        map(sort_key, as_pairs(b))
    )
    return None if same else ORDER


def near(tolerance):
    """Integers not further apart than `tolerance`; -1, -2, 0 and anything else must be equal."""

    def check(raw_a, raw_b, earlier=None):
        if raw_a == raw_b:
            return None
        a, b = parse(raw_a)[0], parse(raw_b)[0]
        if type(a) is int and type(b) is int and a > 0 and b > 0 and abs(a - b) <= tolerance:
            return None
        return "further apart than %d" % tolerance

    return check


near_seconds = near(TTL_TOLERANCE_S)
near_milliseconds = near(TTL_TOLERANCE_S * 1000)


def same_type(raw_a, raw_b, earlier=None):
    """Only the type of the reply counts; errors must be equal."""
    if raw_a[:1] != raw_b[:1]:
        return "different types"
    return "different errors" if raw_a[:1] == b"-" and raw_a != raw_b else None


def hello(raw_a, raw_b, earlier=None):
    """The same fields and protocol; name, version and id are each server's own."""
    a, b = parse(raw_a)[0], parse(raw_b)[0]
    if raw_a[:1] != raw_b[:1] or isinstance(a, Error):
        return None if raw_a == raw_b else "differ"
    a, b = as_pairs(a), as_pairs(b)
    if [k for k, _ in a] != [k for k, _ in b]:
        return "different fields"
    return None if dict(a)[b"proto"] == dict(b)[b"proto"] else "different protocol"


def drawn(count=None, with_values=False):
    """Random elements of the collection that the step read first (earlier[0]).

    Both answers must be of one type and size, hold members only, and none twice unless `count` is
    negative.
    """

    def check(raw_a, raw_b, earlier):
        if raw_a[:1] in b"-_" or raw_b[:1] in b"-_" or b"-1\r\n" in (raw_a[1:5], raw_b[1:5]):
            return None if raw_a == raw_b else "differ"
        if raw_a[:1] != raw_b[:1]:
            return "different types"
        source = earlier[0]
        if with_values:
            members = {canonical(pair) for pair in map(list, as_pairs(source))}
        elif isinstance(source, MapReply):
            members = {canonical(field) for field, _ in source}
        else:
            members = set(map(canonical, source))
        sizes = []
        for raw in (raw_a, raw_b):
            value = parse(raw)[0]
            if count is None:
                items = [value]
            elif with_values:
                items = list(map(list, as_pairs(value)))
            else:
                items = value
            items = [canonical(item) for item in items]
            sizes.append(len(items))
            if not all(item in members for item in items):
                return "an element that is not in the collection"
            if count is not None and count >= 0 and len(set(items)) != len(items):
                return "an element twice"
        return None if sizes[0] == sizes[1] else "different number of elements"

    return check
