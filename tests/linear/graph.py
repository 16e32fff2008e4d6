"""A graph of what must come before what, and its smallest contradiction.

Nodes 0 … operations-1 are operations. Real time adds an edge from each operation to each that was
asked after it was answered; written with one extra node per moment that matters these are O(n)
edges, not O(n^2).

Real time is an interval order: if A ends before B begins, and C before D, then A ends before D
begins or C before B. So a cycle with two real-time edges always contains a shorter one, and the
smallest cycle has at most one. The search for it therefore follows the other edges only, and asks
at each step whether time closes the circle.
"""

import bisect
import collections

REAL_TIME = ("{0} was answered before {1} was asked",)


class Graph:
    def __init__(self, operations):
        self.operations = operations
        self.count = len(operations)
        self.out = [[] for _ in operations]  # (target, why)
        self.in_time = [False] * self.count  # whether real time orders the node
        self.data_nodes = self.count

    def edge(self, source, target, why):
        if source != target:
            self.out[source].append((target, why))

    def order_by_time(self, ends, begins, why):
        """An edge from each (time, node) of `ends` to each of `begins` with a later time."""
        ends = sorted(ends)
        times = [time for time, _ in ends]
        wanted = collections.defaultdict(list)
        for time, node in begins:
            before = bisect.bisect_left(times, time)
            if before:
                wanted[before].append(node)
        previous = None
        done = 0
        for before in sorted(wanted):
            moment = len(self.out)
            self.out.append([])
            for _, node in ends[done:before]:
                self.out[node].append((moment, why))
            if previous is not None:
                self.out[previous].append((moment, why))
            for node in wanted[before]:
                self.out[moment].append((node, why))
            previous, done = moment, before

    def add_real_time(self, nodes):
        """The last edges to be added. `nodes` are the operations that took effect."""
        self.data_nodes = len(self.out)
        ends, begins = [], []
        for node in nodes:
            operation = self.operations[node]
            self.in_time[node] = True
            begins.append((operation.asked, node))
            if operation.told is not None:
                ends.append((operation.told, node))
        self.order_by_time(ends, begins, REAL_TIME)

    # --- judging ----------------------------------------------------------------------------------

    def order(self):
        """(an order of all nodes that every edge agrees with, nodes that have none)."""
        missing = [0] * len(self.out)
        for edges in self.out:
            for target, _ in edges:
                missing[target] += 1
        order = [node for node, count in enumerate(missing) if not count]
        for node in order:  # grows while it is read
            for target, _ in self.out[node]:
                missing[target] -= 1
                if not missing[target]:
                    order.append(target)
        return order, [node for node, count in enumerate(missing) if count]

    def components(self, nodes):
        """Tarjan's strongly connected components of more than one node, without recursion."""
        inside = set(nodes)
        index, low, on_stack = {}, {}, set()
        stack, found = [], []
        for root in nodes:
            if root in index:
                continue
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
            work = [(root, iter(self.out[root]))]
            while work:
                node, edges = work[-1]
                for target, _ in edges:
                    if target not in inside:
                        continue
                    if target not in index:
                        index[target] = low[target] = len(index)
                        stack.append(target)
                        on_stack.add(target)
                        work.append((target, iter(self.out[target])))
                        break
                    if target in on_stack:
                        low[node] = min(low[node], index[target])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == index[node]:
                        component = set()
                        while node not in component:
                            top = stack.pop()
                            on_stack.discard(top)
                            component.add(top)
                        if len(component) > 1:
                            found.append(component)
        return found

    def smallest_cycle(self, nodes):
        """[(operation, why it comes before the next one)] of a smallest cycle among `nodes`."""
        best = None
        for component in sorted(self.components(nodes), key=len):
            for start in sorted(node for node in component if node < self.count):
                limit = len(best) if best else len(component) + 1
                cycle = self._cycle_from(start, component, limit)
                if cycle:
                    best = cycle
                if best and len(best) == 2:
                    return best
        return best

    def _cycle_from(self, start, component, limit):
        """The smallest cycle through `start` with fewer than `limit` operations, or None."""
        asked = self.operations[start].asked
        parent = {start: (None, None)}
        length = {start: 1}  # operations on the path, this one included
        queue = collections.deque([start])
        while queue:
            node = queue.popleft()
            if length[node] >= limit:
                return None
            if node < self.count and node != start and self.in_time[node]:
                told = self.operations[node].told
                if told is not None and told < asked and self.in_time[start]:
                    return self._path(parent, node, REAL_TIME)
            for target, why in self.out[node]:
                if target == start:
                    return self._path(parent, node, why)
                if target not in component or target >= self.data_nodes or target in parent:
                    continue
                parent[target] = (node, why)
                if target < self.count:
                    length[target] = length[node] + 1
                    queue.append(target)
                else:  # a moment: costs nothing
                    length[target] = length[node]
                    queue.appendleft(target)
        return None

    def _path(self, parent, node, why):
        path = []
        while node is not None:
            if node < self.count:
                path.append((node, why))
            node, why = parent[node]
        return path[::-1]
