"""First in, first out: each element is delivered once, nothing is lost, and the order of deliveries
is the order of pushes as far as that is known: by the log of the queue, by real time, or because
one connection pushed both.
"""

import bisect
import collections
import math

from history import FAILED, OK, UNKNOWN
from tokens import split, text

PUSHED = ("{0} pushed {3} to {2}, which {1} got or saw",)
NOT_YET = ("{0} saw {2} without {3}, which {1} pushed",)
IN_TURN = ("{0} took {3} from {2}; {4}, which {1} took, was pushed later",)
TAKEN = ("{0} took {3} from {2} before {1} saw {2} without it",)
STILL_THERE = ("{0} saw {3} in {2}, which {1} took",)
BY_TIME = ("of {2} {0} took an element that was pushed earlier than the one that {1} took",)
BY_CLIENT = ("of {2} {0} took {3}, which one connection pushed before {4}, which {1} took",)


class Queue:
    def __init__(self, name, history, report):
        self.name = name
        self.history = history
        self.report = report
        self.pushed = {}  # element -> number of the operation
        self.lengths = {}  # element -> answered length
        self.taken = {}
        self.maybe_taken = 0  # pops that may have got something that was never seen
        self.contents = []  # (node, elements, length of the log or None)
        self.left = list(history.final.queues.get(name, ()))

    def say(self, what, *nodes):
        self.report("%s (queue %s)" % (what, text(self.name)), *nodes)

    def add_pop(self, node, element):
        if element in self.taken:
            self.say("delivered twice: %s" % text(element), self.taken[element], node)
        self.taken[element] = node

    def check(self, graph):
        operations = self.history.operations
        left = set(self.left)
        for element, node in self.taken.items():
            source = self.pushed.get(element)
            if source is None:
                self.say("delivered, but never pushed: %s" % text(element), node)
            elif operations[source].status == FAILED:
                self.say("delivered, but its push failed: %s" % text(element), node, source)
            else:
                graph.edge(source, node, PUSHED + (self.name, element))
            if element in left:
                self.say("delivered, but still there at the end: %s" % text(element), node)
        if len(left) != len(self.left):
            self.say("an element is there twice at the end: %s" % text(b" ".join(self.left)))
        for element in left:
            if element not in self.pushed:
                self.say("there at the end, but never pushed: %s" % text(element))
        self._nothing_lost(left)
        log = self.history.logs.get(self.name)
        if log is not None:
            self._check_logged(graph, split(self.history.final.values.get(log, b"")), left)
        else:
            self._check_unlogged(graph, left)

    def _nothing_lost(self, left):
        lost = [
            (element, node)
            for element, node in self.pushed.items()
            if element not in self.taken
            and element not in left
            and self.history.operations[node].status == OK
        ]
        if len(lost) > self.maybe_taken:
            element, node = lost[0]
            self.say("lost: %s was pushed, not delivered, and is gone" % text(element), node)

    # --- the order is known -----------------------------------------------------------------------

    def _check_logged(self, graph, order, left):
        place = {element: at for at, element in enumerate(order)}
        last = None  # (element, node) of the delivery before
        passed_over = None
        for element in order:
            if element in left:
                passed_over = passed_over or element
            node = self.taken.get(element)
            if node is None:
                continue
            if passed_over is not None:
                self.say(
                    "overtaken: %s was delivered; %s, pushed before it, is still there"
                    % (text(element), text(passed_over)),
                    node,
                    self.pushed.get(passed_over),
                )
                passed_over = None
            if last is not None:
                graph.edge(last[1], node, IN_TURN + (self.name, last[0], element))
            last = (element, node)
        if [element for element in order if element in left] != self.left:
            self.say("left in another order than pushed: %s" % text(b" ".join(self.left)))
        for element, node in self.pushed.items():
            length = self.lengths.get(element)
            if length is not None and element in place:
                self._state(graph, node, order, place[element] + 1 - length, place[element] + 1)
        for node, elements, logged in self.contents:
            if not elements and logged is None:
                continue
            begin = place.get(elements[0]) if elements else logged
            if begin is None or order[begin : begin + len(elements)] != elements:
                self.say(
                    "saw %s, which is no stretch of the pushes %s"
                    % (text(b"".join(elements)), text(b"".join(order))),
                    node,
                )
                continue
            self._state(graph, node, order, begin, begin + len(elements))

    def _state(self, graph, node, order, begin, end):
        """The operation saw the queue hold exactly order[begin:end]."""
        if begin < 0:
            self.say("was told a length of %d, more than was pushed by then" % (end - begin), node)
            return
        if end and order[end - 1] in self.pushed:
            graph.edge(self.pushed[order[end - 1]], node, PUSHED + (self.name, order[end - 1]))
        if end < len(order) and order[end] in self.pushed:
            graph.edge(node, self.pushed[order[end]], NOT_YET + (self.name, order[end]))
        if begin:
            element = order[begin - 1]
            if element in self.taken:
                graph.edge(self.taken[element], node, TAKEN + (self.name, element))
            elif element in self.left:
                self.say("did not see %s, which was never taken" % text(element), node)
        if begin < len(order) and order[begin] in self.taken and begin < end:
            graph.edge(node, self.taken[order[begin]], STILL_THERE + (self.name, order[begin]))

    # --- the order is known by time and connection only -------------------------------------------

    def _check_unlogged(self, graph, left):
        operations = self.history.operations
        spans = {}  # node -> when the pushes of what it took were surely begun, surely ended
        by_client = collections.defaultdict(list)
        for element, source in self.pushed.items():
            push = operations[source]
            if push.status == OK:
                by_client[push.client].append((push.number, element))
            node = self.taken.get(element)
            if node is not None:
                asked, told = spans.get(node, (math.inf, 0))
                end = math.inf if push.told is None else push.told
                spans[node] = (min(asked, push.asked), max(told, end))
        # One that took several elements is compared as a whole, so that it never precedes itself.
        ends = [(told, node) for node, (_, told) in spans.items() if told < math.inf]
        begins = [(asked, node) for node, (asked, _) in spans.items()]
        graph.order_by_time(ends, begins, BY_TIME + (self.name,))
        for pushes in by_client.values():
            pushes.sort(key=lambda push: push[0])  # within an operation they are in order already
            last = None
            passed_over = None
            for _, element in pushes:
                node = self.taken.get(element)
                if node is None:
                    passed_over = passed_over or (element if element in left else None)
                    continue
                if passed_over is not None:
                    self.say("overtaken: %s by %s" % (text(passed_over), text(element)), node)
                if last is not None:
                    graph.edge(last[1], node, BY_CLIENT + (self.name, last[0], element))
                last = (element, node)
        told = [
            (operations[self.pushed[element]].told, element)
            for element in left
            if element in self.pushed and operations[self.pushed[element]].told is not None
        ]
        if told:
            end, first = min(told)
            for element, node in self.taken.items():
                source = self.pushed.get(element)
                if source is not None and operations[source].asked > end:
                    self.say(
                        "overtaken: %s was delivered; %s, pushed before it, is still there"
                        % (text(element), text(first)),
                        node,
                        source,
                        self.pushed[first],
                    )
                    break

    # --- empty or not -----------------------------------------------------------------------------

    def never_empty(self):
        """Stretches of time (begin, end, element) in which some element was surely there."""
        operations = self.history.operations
        left = set(self.left)
        stretches = []
        for element, source in self.pushed.items():
            begin = operations[source].told
            if begin is None or operations[source].status != OK:
                continue
            if element in self.taken:
                end = operations[self.taken[element]].asked
            elif element in left:
                end = math.inf
            else:
                continue
            if begin < end:
                stretches.append((begin, end, element))
        merged = []
        for begin, end, element in sorted(stretches):
            if merged and begin < merged[-1][1]:
                if end > merged[-1][1]:
                    merged[-1] = (merged[-1][0], end, merged[-1][2])
            else:
                merged.append((begin, end, element))
        return merged


def check_queues(history, graph, report, happened):
    queues = {}

    def queue(name):
        if name not in queues:
            queues[name] = Queue(name, history, report)
        return queues[name]

    for name in history.final.queues:
        queue(name)
    empties = []
    for node, operation in enumerate(history.operations):
        for step in operation.steps:
            kind = step[0]
            if kind == "push":
                target = queue(step[1])
                assert step[2] not in target.pushed, "element used twice: %r" % (step,)
                target.pushed[step[2]] = node
                target.lengths[step[2]] = step[3] if operation.status == OK else None
            elif operation.status == FAILED:
                continue
            elif kind == "pop":
                if operation.status == UNKNOWN:
                    for name in step[1]:
                        queue(name).maybe_taken += 1
                else:
                    queue(step[1]).add_pop(node, step[2])
            elif operation.status == OK and kind == "empty":
                for name in step[1]:
                    queue(name)
                    empties.append((name, node))
            elif operation.status == OK and kind == "contents":
                logged = _logged(history, operation, step[1])
                queue(step[1]).contents.append((node, step[2], logged))
    for one in queues.values():
        one.check(graph)
        for element, source in one.pushed.items():
            if element in one.taken or element in one.left:
                happened.add(source)
    _check_empties(history, queues, empties, report)


def _logged(history, operation, name):
    """How many tokens of the queue's log the same operation saw, or None."""
    for step in operation.steps:
        if step[0] == "read" and step[1] == history.logs.get(name):
            return step[2].count(b",")
    return None


def _check_empties(history, queues, empties, report):
    stretches = {}
    for name, node in empties:
        if name not in stretches:
            stretches[name] = queues[name].never_empty()
        operation = history.operations[node]
        at = bisect.bisect_right(stretches[name], (operation.asked, math.inf, b"")) - 1
        if at < 0 or operation.told is None:
            continue
        begin, end, element = stretches[name][at]
        if begin < operation.asked and operation.told < end:
            report(
                "found %s empty, although something (first %s) was in it all the time"
                % (text(name), text(element)),
                node,
                queues[name].pushed[element],
            )
