"""Makes a failing stream short: keeps what touches the keys involved, then drops steps while the
failure stays.

Every trial runs on emptied servers over new connections, so a trial is a whole, independent repro.
"""

import time

from runner import Runner

# Words that change what later commands mean without naming a key.
# fmt: off
CONTEXT = {
    b"SELECT", b"SWAPDB", b"MOVE", b"HELLO", b"FLUSHDB", b"FLUSHALL", b"MULTI", b"EXEC", b"WATCH",
    b"DISCARD", b"RESET",
}
# fmt: on


class Shrinker:
    def __init__(self, pair, keys, budget_s=30.0, out=print):
        self.pair = pair
        self.pool = set(keys)
        self.deadline = time.monotonic() + budget_s
        self.out = out
        self.mismatch = None

    def out_of_time(self):
        return time.monotonic() > self.deadline

    def fails(self, steps):
        """Runs the steps on empty servers; the steps up to the failure, or None if all agree."""
        self.pair.reset()
        mismatch = Runner(self.pair).run(steps, max_chunk=100)
        if mismatch is None:
            return None
        self.mismatch = mismatch
        return steps[: mismatch.step_index + 1]

    def shrink(self, steps):
        """(shortest failing steps found, their Mismatch), or (None, None) if the failure does not
        come again.
        """
        shorter = None
        for keys in self.key_circles(steps):
            shorter = self.fails([s for s in steps[:-1] if self.involved(s, keys)] + steps[-1:])
            if shorter or self.out_of_time():
                break
        if shorter is None:
            shorter = self.fails(steps)
        if shorter is None:
            return None, None
        shorter = self.drop_runs(shorter)
        self.out("shrunk from %d to %d steps" % (len(steps), len(shorter)))
        self.fails(shorter)
        return shorter, self.mismatch

    def keys_of(self, step):
        return {arg for command in step.commands for arg in command[1:] if arg in self.pool}

    def involved(self, step, keys):
        if any(command[0].upper() in CONTEXT for command in step.commands):
            return True
        return bool(self.keys_of(step) & keys)

    def key_circles(self, steps):
        """The keys of the failing step, then theirs and those of every step that shares one, until
        no more come.
        """
        keys = self.keys_of(steps[-1])
        while keys:
            yield keys
            wider = set(keys)
            for step in steps:
                step_keys = self.keys_of(step)
                if step_keys & keys:
                    wider |= step_keys
            if wider == keys:
                return
            keys = wider

    def drop_runs(self, steps):
        """Delta debugging: drops ever smaller runs of steps."""
        size = max(1, len(steps) // 2)
        while True:
            start = 0
            dropped = False
            while start < len(steps) - 1 and not self.out_of_time():
                trial = steps[:start] + steps[min(start + size, len(steps) - 1) :]
                shorter = self.fails(trial)
                if shorter:
                    steps = shorter
                    dropped = True
                else:
                    start += size
            if self.out_of_time() or (size == 1 and not dropped):
                return steps
            size = max(1, size // 2)
