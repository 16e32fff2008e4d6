"""Command families. Each module has

PREFIX   what its keys start with, or None if it only uses the others' keys
WEIGHT   its share of the stream
RECIPES  (weight, function) pairs; a function takes the Generator and returns the argument list of a
command whose reply
         must be equal byte by byte, or a Step or Action with checks of its own
"""

from . import (
    bits,
    blocking,
    geo,
    hashes,
    hll,
    keys,
    lists,
    misc,
    scripts,
    sets,
    sort,
    streams,
    strings,
)
from . import transactions, zsets

FAMILIES = {
    "strings": strings,
    "bits": bits,
    "keys": keys,
    "lists": lists,
    "hashes": hashes,
    "sets": sets,
    "zsets": zsets,
    "misc": misc,
    "transactions": transactions,
    "sort": sort,
    "blocking": blocking,
    "hll": hll,
    "geo": geo,
    "streams": streams,
    "scripts": scripts,
}

# What a first server can be expected to have.
CORE = ["strings", "bits", "keys", "lists", "hashes", "sets", "zsets", "misc", "transactions", "blocking"]
