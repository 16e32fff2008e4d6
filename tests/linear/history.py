"""What concurrent clients asked, were answered, and when: the material that the checker judges.

An operation is whatever must take effect at one instant: a command, a MULTI/EXEC, a script, or a
WATCHed transaction. It knows its client, its place in that client's pipeline, the interval between
request and answer (CLOCK_MONOTONIC, the same for all processes of a machine), and its steps.

Steps, in the order in which the operation ran them:

  ("append", key, token, end)   a token that no other operation appends, put at the end of `key`;
                                `end` is the length in bytes as answered, None if unknown
  ("read", key, value)          all tokens of `key`, joined; b"" for a missing key
  ("push", queue, element, length)   an element that no other operation pushes; `length` as answered
  ("pop", queue, element)       what was delivered
  ("empty", queues)             a pop that found nothing in any of these
  ("contents", queue, elements) the whole queue, oldest first
  ("write", key, value, before) an overwrite with a value of its own; `before` is what it replaced,
                                UNKNOWN if the server was not asked
  ("value", key, value)         a read of such a key, None if missing
  ("sum", expected, values)     numbers whose sum never changes

Tokens end in a comma and hold no other, so a value can be taken apart again.
"""

OK = "ok"  # answered, took effect
FAILED = "failed"  # answered, must have had no effect
UNKNOWN = "unknown"  # the connection went before the answer


class Operation:
    __slots__ = (
        "client",
        "number",
        "kind",
        "commands",
        "answer",
        "asked",
        "told",
        "status",
        "steps",
    )

    def __init__(self, client, number, kind, commands, answer, asked, told, status, steps):
        self.client = client  # name of the connection
        self.number = number  # its place among the requests of the connection
        self.kind = kind
        self.commands = commands
        self.answer = answer
        self.asked = asked  # ns, before the first byte was sent
        self.told = told  # ns, after the last byte was received; None if it never was
        self.status = status
        self.steps = steps

    # Pickled by the tens of thousands: as a tuple.
    def __reduce__(self):
        return Operation, tuple(getattr(self, name) for name in self.__slots__)


class Final:
    """The contents when all clients had gone."""

    def __init__(self, values=None, queues=None, sums=()):
        self.values = values or {}  # key of tokens -> value
        self.queues = queues or {}  # queue -> elements, oldest first
        self.sums = list(sums)  # (expected, values)


class History:
    """`logs` names, for a queue, the key to which every push to it appends the same token in the
    same transaction, so the order of pushes is known. `in_order` says that a connection's commands
    run in the order in which they were sent; otherwise that holds for each key on its own.
    """

    def __init__(self, in_order=True):
        self.operations = []
        self.final = Final()
        self.logs = {}
        self.whole_groups = []  # sets of keys that every "write" operation covers as a whole
        self.in_order = in_order

    def add(self, *fields):
        operation = Operation(*fields)
        self.operations.append(operation)
        return operation


# --- in words -------------------------------------------------------------------------------------


def shown(value, limit=160):
    """Bytes and nested replies as a person would write them."""
    if value is None:
        return "nil"
    if isinstance(value, str) and "\n" in value:
        return "<script>"
    if isinstance(value, bytes):
        text = value.decode("latin1")
        if len(text) > limit:
            text = "%s ... %s" % (text[: limit // 3], text[-2 * limit // 3 :])
        return text if text else '""'
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(shown(item, limit) for item in value)
    return str(value)


def describe(operation, since):
    """One operation in a few lines; times in microseconds after `since`."""
    commands = " / ".join(
        " ".join(shown(word, 60) for word in command) for command in operation.commands
    )
    told = "never" if operation.told is None else "%.1f" % ((operation.told - since) / 1000)
    return "%s #%d  %s\n      answer: %s   (%s)\n      asked at %.1f us, answered at %s" % (
        operation.client,
        operation.number,
        commands,
        shown(operation.answer),
        operation.status,
        (operation.asked - since) / 1000,
        told if told == "never" else told + " us",
    )
