"""The scripts that the clients follow: which operations they ask for, on which keys, how many at
once.

Keys are few, so that clients meet on them, and are left for new ones after a short slice of time,
so that values stay short: reading a value of n tokens costs n. Which slice it is tells the common
clock.
"""

import time

from driver import Drop
from history import UNKNOWN, Operation
from plan import (
    SCRIPT,
    Count,
    Mget,
    Mset,
    Multi,
    Pop,
    Script,
    Single,
    WatchedMulti,
    append,
    contents,
    is_left,
    push,
    read,
    replace,
    take,
    value,
    whole_server,
)

KINDS = (
    "single",  # APPEND, GET, RPUSH, LRANGE
    "mget",  # MGET of several keys
    "multi",  # MULTI with several appends and reads
    "watch",  # WATCH, reads, MULTI, appends, EXEC
    "park",  # as "multi", with a command about the whole server, for which all shards stand still
    "script",  # EVAL with one key
    "script-declared",  # EVAL with several keys
    "script-undeclared",  # EVAL that does not name all of its keys
    "registers",  # MSET, MGET, SET … GET over groups of keys
    "bank",  # transfers and audits
    "queue",  # pushes, pops that do not wait, whole contents
    "blocking",  # BLPOP, BRPOP, BLMOVE
    "pipeline",  # many of the above at once
    "drop",  # connections that go without waiting for the answer
)
NEEDS = {
    "script": "EVAL",
    "script-declared": "EVAL",
    "script-undeclared": "EVAL",
    "blocking": "BLPOP",
}

KEY_SLICE_S = 0.1
QUEUE_SLICE_S = 0.4
STRINGS = 8  # the last two of them in one slot
LISTS = 2
QUEUES = 6
GROUP = 4
ACCOUNTS = [b"bank:%d" % number for number in range(8)]
BALANCE = 1000
TOTAL = BALANCE * len(ACCOUNTS)
BLOCK_S = "0.15"

TRANSFER = """
redis.call('DECRBY', KEYS[1], ARGV[1])
redis.call('INCRBY', %s, ARGV[1])
return 1
"""


class World:
    """What the clients of one process share."""

    def __init__(self, process, kinds, begin, end):
        self.process = process
        self.kinds = kinds
        self.begin = begin  # time.monotonic_ns of the slices' start, the same for all processes
        self.end = end
        self.tokens = 0
        self.operations = []

    def over(self):
        return time.monotonic_ns() >= self.end

    def slice(self, span_s):
        return int((time.monotonic_ns() - self.begin) / (span_s * 1e9))

    def token(self):
        self.tokens += 1
        return b"%02x%06x," % (self.process, self.tokens)


def keys_of_slice(number):
    keys = [b"t:%d:%d" % (number, key) for key in range(STRINGS - 2)]
    keys += [b"t:{%d}:%d" % (number, key) for key in range(2)]
    return keys, [b"l:%d:%d" % (number, key) for key in range(LISTS)]


def queues_of_slice(number):
    """Half are popped at the left, half at the right; the first of each has a log of its pushes."""
    return [b"%s:%d:%d" % ((b"ql", b"qr")[key % 2], number, key) for key in range(QUEUES)]


def log_of(queue):
    """The key that takes a token for each push, or None."""
    return b"log:" + queue if queue.endswith((b":0", b":1")) else None


def sink_of(queue):
    return b"sink:" + queue


class Client:
    def __init__(self, world, rng):
        self.world = world
        self.rng = rng
        self.number = 0
        weights = {kind: weight for kind, weight in world.kinds.items() if weight}
        self.pipeline = weights.pop("pipeline", 0)
        self.drop = weights.pop("drop", 0)
        self.blocking = weights.pop("blocking", 0)
        self.makers = [getattr(self, kind.replace("-", "_")) for kind in weights]
        self.weights = list(weights.values())

    # --- how it asks ------------------------------------------------------------------------------

    def run(self):
        rng = self.rng
        while not self.world.over():
            if self.drop and rng.random() < 0.003:
                yield from self.ask([self.unit()], drop=True)
            depth = 1
            if self.pipeline:
                depth = rng.choice((1, 1, 1, 2, 4, 8, 24))
            if depth == 1 and "watch" in self.world.kinds and rng.random() < 0.1:
                yield from self.watch_in_two_rounds()
            elif depth == 1 and "bank" in self.world.kinds and rng.random() < 0.05:
                yield from self.transfer_under_watch()
            else:
                yield from self.ask([self.unit() for _ in range(depth)])

    def run_blocking(self):
        """A client that mostly waits for elements."""
        rng = self.rng
        while not self.world.over():
            units = [self.pop()]
            drop = self.drop and units[0].sink is None and rng.random() < 0.01
            if self.pipeline and not drop and rng.random() < 0.2:
                units = [self.unit(), self.pop(), self.unit()]
            yield from self.ask(units, drop)

    def unit(self):
        return self.rng.choices(self.makers, self.weights)[0]()

    def ask(self, units, drop=False):
        """Sends all at once, and records each as an operation of its own."""
        commands = [command for unit in units for command in unit.commands]
        if drop:
            commands = Drop(commands)
        answered = yield commands
        at = 0
        for unit in units:
            earlier = list(unit.watched)
            upto = at + len(unit.commands)
            replies = answered.replies[at:upto]
            status, steps = unit.outcome(replies)
            self.record(
                answered.client,
                unit.kind,
                [action.as_command() for action, _ in earlier] + unit.commands,
                [reply for _, reply in earlier] + replies,
                answered.asked,
                answered.told[upto - 1] if status != UNKNOWN else None,
                status,
                steps,
            )
            at = upto

    def record(self, client, kind, commands, replies, asked, told, status, steps):
        self.number += 1
        self.world.operations.append(
            Operation(client, self.number, kind, commands, replies, asked, told, status, steps)
        )

    # --- tokens -----------------------------------------------------------------------------------

    def keys(self, most, lists=True):
        """One to `most` keys of the slice."""
        strings, others = keys_of_slice(self.world.slice(KEY_SLICE_S))
        choice = strings + others if lists else strings
        return self.rng.sample(choice, min(len(choice), self.rng.randrange(1, most + 1)))

    def actions(self, keys, appends=0.5):
        """Appends and reads of the keys, some of them several times."""
        found = []
        for key in keys:
            for _ in range(self.rng.choice((1, 1, 1, 2))):
                write = self.rng.random() < appends
                found.append(append(key, self.world.token()) if write else read(key))
        self.rng.shuffle(found)
        return found

    def single(self):
        key = self.keys(1)[0]
        return Single(
            "single", append(key, self.world.token()) if self.rng.random() < 0.5 else read(key)
        )

    def mget(self):
        return Mget("mget", [read(key) for key in self.keys(STRINGS, lists=False)])

    def multi(self):
        return Multi("multi", self.actions(self.keys(self.rng.choice((1, 2, 3, 6, 10)))))

    def park(self):
        actions = self.actions(self.keys(self.rng.choice((1, 2, 6)))) + [whole_server()]
        self.rng.shuffle(actions)
        return Multi("park", actions)

    def watch(self):
        keys = self.keys(3)
        return WatchedMulti("watch", [read(key) for key in keys], self.after_watch(keys))

    def after_watch(self, keys):
        """Appends to what was read and to what was not: only the latter may be a write skew."""
        return self.actions(self.keys(2) + keys[:1], appends=0.8)

    def watch_in_two_rounds(self):
        """The reads are operations of their own too: each was answered at its own time."""
        keys = self.keys(3)
        reads = [read(key) for key in keys]
        commands = [("WATCH", *keys)] + [action.as_command() for action in reads]
        answered = yield commands
        for place, action in enumerate(reads, 1):
            unit = Single("read after WATCH", action)
            replies = answered.replies[place : place + 1]
            status, steps = unit.outcome(replies)
            self.record(
                answered.client,
                unit.kind,
                unit.commands,
                replies,
                answered.asked,
                answered.told[place],
                status,
                steps,
            )
        watched = list(zip(reads, answered.replies[1:]))
        yield from self.ask([Multi("watch", self.after_watch(keys), watched=watched)])

    def script(self):
        return Script("script", self.actions(self.keys(1) * self.rng.choice((1, 2))), 1)

    def script_declared(self):
        keys = self.keys(4)
        return Script("script-declared", self.actions(keys), len(keys))

    def script_undeclared(self):
        """None or one of its keys declared; now and then a script that the server never saw."""
        text = SCRIPT
        if self.rng.random() < 0.3:
            text += "-- %d.%d\n" % (self.world.process, self.rng.randrange(300))
        actions = self.actions(self.keys(4))
        return Script("script-undeclared", actions, self.rng.choice((0, 1)), text)

    # --- registers --------------------------------------------------------------------------------

    def registers(self):
        rng = self.rng
        group = self.world.slice(KEY_SLICE_S)  # one for all: it may end at any moment
        keys = [b"r:%d:%d" % (group, number) for number in range(GROUP)]
        rng.shuffle(keys)
        form = rng.randrange(4)
        if form == 0:
            new = self.world.token()
            return Mset("registers", [(key, new) for key in keys])
        if form == 1:
            new = self.world.token()
            return Multi("registers", [replace(key, new) for key in keys])
        if form == 2:
            return Multi("registers", [value(key) for key in keys])
        return Mget("registers", [value(key) for key in keys])

    # --- the bank ---------------------------------------------------------------------------------

    def bank(self):
        rng = self.rng
        if rng.random() < 0.5:
            return self.audit()
        source, target = rng.sample(ACCOUNTS, 2)
        amount = b"%d" % rng.randrange(1, 50)
        if self.world.kinds.get("script-declared") and rng.random() < 0.3:
            return Count("transfer", [("EVAL", TRANSFER % "KEYS[2]", 2, source, target, amount)])
        if self.world.kinds.get("script-undeclared") and rng.random() < 0.3:
            text = TRANSFER % "ARGV[2]"
            return Count("transfer", [("EVAL", text, 1, source, amount, target)])
        return Count(
            "transfer",
            [("MULTI",), ("DECRBY", source, amount), ("INCRBY", target, amount), ("EXEC",)],
        )

    def audit(self):
        rng = self.rng
        accounts = rng.sample(ACCOUNTS, len(ACCOUNTS))
        form = rng.randrange(3)
        if form == 0 and self.world.kinds.get("script-declared"):
            words = [word for n in range(len(accounts)) for word in (b"GET", b"#%d" % (n + 1), b"")]
            commands = [("EVAL", SCRIPT, len(accounts), *accounts, *words)]
        elif form == 1:
            commands = [("MULTI",)] + [("GET", account) for account in accounts] + [("EXEC",)]
        else:
            commands = [("MGET", *accounts)]
        return Count("audit", commands, TOTAL, lambda replies: replies[-1])

    def transfer_under_watch(self):
        pair = self.rng.sample(ACCOUNTS, 2)
        answered = yield [("WATCH", *pair), ("MGET", *pair)]
        have, other = map(int, answered.replies[1])
        amount = self.rng.randrange(1, 50)
        new = (pair[0], b"%d" % (have - amount), pair[1], b"%d" % (other + amount))
        yield from self.ask([Count("transfer", [("MULTI",), ("MSET", *new), ("EXEC",)])])

    # --- queues -----------------------------------------------------------------------------------

    def some_queue(self):
        return self.rng.choice(queues_of_slice(self.world.slice(QUEUE_SLICE_S)))

    def queue(self):
        rng = self.rng
        queue = self.some_queue()
        what = rng.random()
        if what < 0.6 or (what < 0.8 and self.blocking):
            return self.pushes(queue)
        if what < 0.8:
            if rng.random() < 0.3:
                return Multi("queue", [take(queue), take(self.some_queue())])
            if "script-declared" in self.world.kinds and rng.random() < 0.2:
                return Script("queue", [take(queue), take(queue)], 1)
            return Single("queue", take(queue)) if rng.random() < 0.7 else self.move(queue, None)
        log = log_of(queue)
        actions = [contents(queue), read(sink_of(queue))] + ([read(log)] if log else [])
        rng.shuffle(actions)
        return Multi("queue", actions)

    def pushes(self, queue):
        actions = []
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            element = self.world.token()
            if log_of(queue) is not None:
                actions.append(append(log_of(queue), element))
            actions.append(push(queue, element))
        if len(actions) == 1:
            return Single("queue", actions[0])
        return Multi("queue", actions)

    def move(self, queue, wait):
        ends = ("LEFT", "RIGHT") if is_left(queue) else ("RIGHT", "RIGHT")
        command = ("LMOVE",) if wait is None else ("BLMOVE",)
        words = (queue, sink_of(queue)) + ends + (() if wait is None else (wait,))
        return Pop("queue", (queue,), command + words, sink_of(queue))

    def pop(self):
        rng = self.rng
        queue = self.some_queue()
        if rng.random() < 0.25:
            return self.move(queue, BLOCK_S)
        all_queues = queues_of_slice(self.world.slice(QUEUE_SLICE_S))
        same_end = [other for other in all_queues if is_left(other) == is_left(queue)]
        some = tuple(rng.sample(same_end, rng.randrange(1, len(same_end) + 1)))
        command = "BLPOP" if is_left(queue) else "BRPOP"
        return Pop("blocking", some, (command, *some, BLOCK_S))
