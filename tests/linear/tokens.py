"""Keys to which unique tokens are appended: the final value is the order of all versions of the
key, and each value that was ever read must be a beginning of it (after Adya's histories and
Elle's list-append).
"""

from history import FAILED, OK, UNKNOWN

WW = ("{0} appended {3} to {2} directly before {1} appended {4}",)
WR = ("{1} saw {2} with {3}, which {0} appended",)
RW = ("{0} saw {2} without {3}, which {1} appended",)


def split(value):
    return [token + b"," for token in value.split(b",")[:-1]]


class Tokens:
    def __init__(self, history, report):
        self.history = history
        self.report = report  # report(text, operations, …)
        self.author = {}  # (key, token) -> number of the operation
        self.versions = {}  # key -> its tokens in order
        self.place = {}  # key -> {length in bytes: number of tokens}
        self.happened = set()  # operations of unknown outcome of which a token was found

    def check(self, graph):
        """Adds the edges to `graph`; what needs none to be wrong is reported."""
        self._collect_authors()
        for key, value in self.history.final.values.items():
            self._order_versions(key, value)
        self._every_token_counts()
        for key, tokens in self.versions.items():
            authors = [self.author.get((key, token)) for token in tokens]
            for at in range(1, len(tokens)):
                if authors[at - 1] is not None and authors[at] is not None:
                    why = WW + (key, tokens[at - 1], tokens[at])
                    graph.edge(authors[at - 1], authors[at], why)
        for node, operation in enumerate(self.history.operations):
            if operation.status == OK:
                self._check_steps(graph, node, operation)

    def _collect_authors(self):
        for node, operation in enumerate(self.history.operations):
            for step in operation.steps:
                if step[0] == "append":
                    assert (step[1], step[2]) not in self.author, "token used twice: %r" % (step,)
                    self.author[step[1], step[2]] = node
                    self.history.final.values.setdefault(step[1], b"")
                elif step[0] == "read":
                    self.history.final.values.setdefault(step[1], b"")

    def _order_versions(self, key, value):
        tokens = split(value)
        seen = set()
        operations = self.history.operations
        for token in tokens:
            node = self.author.get((key, token))
            if node is None:
                self.report("phantom: nobody appended %s to %s" % (text(token), text(key)))
            elif operations[node].status == FAILED:
                self.report(
                    "effect of a failed operation: %s is in %s" % (text(token), text(key)), node
                )
            elif operations[node].status == UNKNOWN:
                self.happened.add(node)
            if token in seen:
                self.report("done twice: %s is in %s twice" % (text(token), text(key)), node)
            seen.add(token)
        self.versions[key] = tokens
        place = self.place[key] = {0: 0}
        length = 0
        for number, token in enumerate(tokens, 1):
            length += len(token)
            place[length] = number

    def _every_token_counts(self):
        there = {key: set(tokens) for key, tokens in self.versions.items()}
        for (key, token), node in self.author.items():
            if token in there[key]:
                continue
            status = self.history.operations[node].status
            if status == OK:
                self.report(
                    "lost update: %s was appended to %s and is not there at the end"
                    % (text(token), text(key)),
                    node,
                )
            elif node in self.happened:
                self.report(
                    "half an operation: %s is not in %s, but other tokens of it are there"
                    % (text(token), text(key)),
                    node,
                )

    def _check_steps(self, graph, node, operation):
        own = {}  # key -> number of tokens of the key after our last append
        for step in operation.steps:
            if step[0] == "append":
                own[step[1]] = self._check_append(node, *step[1:])
            elif step[0] == "read":
                self._check_read(graph, node, step[1], step[2], own.get(step[1], 0))

    def _check_append(self, node, key, token, end):
        tokens = self.versions[key]
        if end is None:
            return 0
        at = self.place[key].get(end)
        if at is None or tokens[at - 1] != token:
            self.report(
                "lost update: after %s was appended %s had %d bytes, which does not fit the final"
                " value %s" % (text(token), text(key), end, text(self.history.final.values[key])),
                node,
            )
            return 0
        return at

    def _check_read(self, graph, node, key, value, own):
        final = self.history.final.values[key]
        at = self.place[key].get(len(value))
        if at is None or not final.startswith(value):
            self._explain_read(node, key, value)
            return
        if at < own:
            self.report("does not see its own append to %s" % text(key), node)
        tokens = self.versions[key]
        if at:
            author = self.author.get((key, tokens[at - 1]))
            if author is not None:
                graph.edge(author, node, WR + (key, tokens[at - 1]))
        if at < len(tokens):
            author = self.author.get((key, tokens[at]))
            if author is not None:
                graph.edge(node, author, RW + (key, tokens[at]))

    def _explain_read(self, node, key, value):
        operations = self.history.operations
        tokens = self.versions[key]
        for at, token in enumerate(split(value)):
            if at < len(tokens) and tokens[at] == token:
                continue
            author = self.author.get((key, token))
            if author is None:
                self.report("phantom: read %s in %s" % (text(token), text(key)), node)
            elif operations[author].status == FAILED:
                self.report(
                    "aborted read: saw %s in %s, of an operation that failed"
                    % (text(token), text(key)),
                    node,
                    author,
                )
            else:
                expected = tokens[at] if at < len(tokens) else b""
                other = self.author.get((key, expected))
                what = "another order" if token in tokens else "a lost update"
                self.report(
                    "%s: read %s at place %d of %s, where %s is at the end"
                    % (what, text(token), at, text(key), text(expected) or "nothing"),
                    node,
                    author,
                    *([] if other is None else [other])
                )
            return
        self.report("half a token: read %s in %s" % (text(value[-40:]), text(key)), node)


def text(value):
    value = value.decode("latin1") if isinstance(value, bytes) else str(value)
    return value if len(value) < 200 else "%s ... %s" % (value[:60], value[-120:])
