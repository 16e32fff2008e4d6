"""What an operation is to do, and the forms in which a server can be asked to do it at one instant:
a command, MULTI/EXEC, a script. From the answers come the steps of the history.
"""

from history import FAILED, OK, UNKNOWN
from resp_client import Error, Status

TOKEN_BYTES = 9  # all tokens are of this length, so a list's length tells its length in bytes

# Runs steps of three arguments: command, key, word. A key "#2" is KEYS[2]; any other is undeclared.
SCRIPT = """
local out = {}
for i = 1, #ARGV, 3 do
  local what, key, word = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if string.sub(key, 1, 1) == '#' then key = KEYS[tonumber(string.sub(key, 2))] end
  if what == 'GET' or what == 'LPOP' or what == 'RPOP' then
    out[#out + 1] = redis.call(what, key)
  elseif what == 'LRANGE' then
    out[#out + 1] = redis.call(what, key, 0, -1)
  else
    out[#out + 1] = redis.call(what, key, word)
  end
end
return out
"""


NIL = type(None)
REPLIES = {
    "append": int,
    "push": int,
    "read": (bytes, list, NIL),
    "take": (bytes, NIL),
    "contents": list,
    "value": (bytes, NIL),
    "replace": (bytes, NIL),
    "overwrite": bytes,
    "aside": int,
}


class Unexpected(Exception):
    """A reply that no server should give here."""


class Action:
    """One step: the command, and what its reply means."""

    def __init__(self, step, key, command, *words):
        self.step = step  # a name in REPLIES
        self.key = key
        self.command = command
        self.words = words  # behind the key

    def as_command(self):
        return (self.command,) + ((self.key,) if self.key is not None else ()) + self.words

    def as_script(self, key):
        return (self.command, key, self.words[0] if self.words else b"")

    def result(self, reply, steps):
        """Appends the steps that the reply proves."""
        if not isinstance(reply, REPLIES[self.step]) or isinstance(reply, Error):
            raise Unexpected("%r answered %r" % (self.as_command(), reply))
        kind = self.step
        if kind == "append":
            end = reply if self.command == "APPEND" else reply * TOKEN_BYTES
            steps.append(("append", self.key, self.words[0], end))
        elif kind == "read":
            value = b"".join(reply) if isinstance(reply, list) else reply or b""
            steps.append(("read", self.key, value))
        elif kind == "push":
            steps.append(("push", self.key, self.words[0], reply))
        elif kind == "take":
            steps.append(("empty", (self.key,)) if reply is None else ("pop", self.key, reply))
        elif kind == "contents":
            oldest_first = reply if is_left(self.key) else reply[::-1]
            steps.append(("contents", self.key, oldest_first))
        elif kind == "value":
            steps.append(("value", self.key, reply))
        elif kind == "replace":
            steps.append(("value", self.key, reply))
            steps.append(("write", self.key, self.words[0], reply))
        elif kind == "overwrite":
            steps.append(("write", self.key, self.words[0], UNKNOWN))

    def intended(self, steps):
        """Appends the steps that may or must not have happened."""
        if self.step == "append":
            steps.append(("append", self.key, self.words[0], None))
        elif self.step == "push":
            steps.append(("push", self.key, self.words[0], None))
        elif self.step == "take":
            steps.append(("pop", (self.key,), None))
        elif self.step in ("replace", "overwrite"):
            steps.append(("write", self.key, self.words[0], UNKNOWN))


# --- keys: their names tell what they are ---------------------------------------------------------


def is_list(key):
    return key.startswith((b"l:", b"sink:"))


def is_left(queue):
    """Whether a queue is pushed at the right and popped at the left, or the other way round."""
    return queue.startswith(b"ql:")


def append(key, token):
    return Action("append", key, "RPUSH" if is_list(key) else "APPEND", token)


def read(key):
    return Action("read", key, "LRANGE", 0, -1) if is_list(key) else Action("read", key, "GET")


def push(queue, element):
    return Action("push", queue, "RPUSH" if is_left(queue) else "LPUSH", element)


def take(queue):
    return Action("take", queue, "LPOP" if is_left(queue) else "RPOP")


def contents(queue):
    return Action("contents", queue, "LRANGE", 0, -1)


def value(key):
    return Action("value", key, "GET")


def replace(key, new):
    return Action("replace", key, "SET", new, "GET")


def whole_server():
    """A number that depends on all shards; what it is does not matter here."""
    return Action("aside", None, "DBSIZE")


# --- forms ----------------------------------------------------------------------------------------


class Unit:
    """An operation: `commands` to be sent, and the meaning of their replies."""

    def __init__(self, kind, actions, commands):
        self.kind = kind
        self.actions = actions
        self.commands = commands
        self.watched = ()  # (action, reply) of reads that were made earlier

    def replies_of_actions(self, replies):
        """One reply for each action, or None if the operation failed."""
        return replies

    def outcome(self, replies):
        """(status, steps). `replies` are fewer than the commands if the connection went."""
        steps = []
        if len(replies) == len(self.commands):
            for command, reply in zip(self.commands, replies):
                if isinstance(reply, Error):
                    raise Unexpected("%r answered -%s" % (command, reply.decode("latin1")))
            parts = self.replies_of_actions(replies)
            if parts is not None:
                self.results(parts, steps)
                return OK, steps
        for action in self.actions:
            action.intended(steps)
        return FAILED if len(replies) == len(self.commands) else UNKNOWN, steps

    def results(self, parts, steps):
        if not isinstance(parts, list) or len(parts) != len(self.actions):
            raise Unexpected("%d steps were answered %r" % (len(self.actions), parts))
        for action, reply in zip(self.actions, parts):
            action.result(reply, steps)


class Single(Unit):
    def __init__(self, kind, action):
        super().__init__(kind, [action], [action.as_command()])


class Mget(Unit):
    def __init__(self, kind, actions):
        super().__init__(kind, actions, [("MGET",) + tuple(action.key for action in actions)])

    def replies_of_actions(self, replies):
        return replies[0]


class Mset(Unit):
    def __init__(self, kind, pairs):
        actions = [Action("overwrite", key, "SET", new) for key, new in pairs]
        words = [word for pair in pairs for word in pair]
        super().__init__(kind, actions, [("MSET", *words)])

    def replies_of_actions(self, replies):
        return [replies[0]] * len(self.actions)


class Multi(Unit):
    """MULTI … EXEC. `watched` are reads that were made after a WATCH of their keys, with the
    replies: if EXEC succeeds they belong to its instant.
    """

    def __init__(self, kind, actions, watched=(), before=()):
        commands = list(before) + [("MULTI",)] + [a.as_command() for a in actions] + [("EXEC",)]
        super().__init__(kind, actions, commands)
        self.watched = watched

    def replies_of_actions(self, replies):
        for reply in replies[-1 - len(self.actions) : -1]:
            if not isinstance(reply, Status) or reply != b"QUEUED":
                raise Unexpected("%r instead of QUEUED" % (reply,))
        return replies[-1]

    def results(self, parts, steps):
        for action, reply in self.watched:
            action.result(reply, steps)
        super().results(parts, steps)


class WatchedMulti(Multi):
    """WATCH, reads, MULTI, …, EXEC, sent at once."""

    def __init__(self, kind, reads, actions):
        before = [("WATCH",) + tuple(action.key for action in reads)]
        super().__init__(kind, actions, before=before + [action.as_command() for action in reads])
        self.reads = reads

    def replies_of_actions(self, replies):
        self.watched = list(zip(self.reads, replies[1 : 1 + len(self.reads)]))
        return super().replies_of_actions(replies)


class Script(Unit):
    """`declared` is how many of the keys, in order of first use, are given as KEYS."""

    def __init__(self, kind, actions, declared, script=SCRIPT):
        keys = list(dict.fromkeys(action.key for action in actions))[:declared]
        place = {key: b"#%d" % number for number, key in enumerate(keys, 1)}
        words = []
        for action in actions:
            words += action.as_script(place.get(action.key, action.key))
        super().__init__(kind, actions, [("EVAL", script, len(keys), *keys, *words)])

    def replies_of_actions(self, replies):
        return replies[0]


class Pop(Unit):
    """BLPOP or BRPOP over several queues, BLMOVE or LMOVE of one into a list of tokens."""

    def __init__(self, kind, queues, command, sink=None):
        super().__init__(kind, [], [command])
        self.queues = queues
        self.sink = sink

    def outcome(self, replies):
        if not replies:
            return UNKNOWN, [("pop", self.queues, None)]
        reply = replies[0]
        if isinstance(reply, Error):
            raise Unexpected("%r answered -%s" % (self.commands[0], reply.decode("latin1")))
        if reply is None:
            return OK, [("empty", self.queues)]
        if self.sink is not None:
            return OK, [("pop", self.queues[0], reply), ("append", self.sink, reply, None)]
        if not isinstance(reply, list) or len(reply) != 2 or reply[0] not in self.queues:
            raise Unexpected("%r answered %r" % (self.commands[0], reply))
        queue, element = reply
        earlier = self.queues[: self.queues.index(queue)]
        return OK, [("pop", queue, element)] + ([("empty", earlier)] if earlier else [])


class Count(Unit):
    """Numbers: `amounts` picks those of the replies that sum up to `total`."""

    def __init__(self, kind, commands, total=None, amounts=None):
        super().__init__(kind, [], commands)
        self.total = total
        self.amounts = amounts

    def outcome(self, replies):
        if len(replies) < len(self.commands):
            return UNKNOWN, []
        for command, reply in zip(self.commands, replies):
            if isinstance(reply, Error):
                raise Unexpected("%r answered -%s" % (command, reply.decode("latin1")))
        if replies[-1] is None:
            return FAILED, []
        if self.amounts is None:
            return OK, []
        return OK, [("sum", self.total, [int(amount) for amount in self.amounts(replies)])]
