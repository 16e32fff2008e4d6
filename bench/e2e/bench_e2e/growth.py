"""Memory per key from few keys to many (bench/e2e/growth)."""

from dataclasses import asdict, dataclass, field

from . import plots, procfs
from .servers import Server
from .workloads import Dataset

STEPS_MAX = 1000  # of which each has keys of its own: "k000", "k001" ...


@dataclass(frozen=True)
class Point:
    keys: int
    used: float  # bytes of used_memory per key
    rss: float


@dataclass
class Curve:
    label: str
    value_bytes: int
    points: list = field(default_factory=list)

    def as_dict(self):
        return asdict(self)

    def swing(self, first):
        """By how much the highest figure from `first` keys on is above the last one, which is the steady one."""
        used = [p.used for p in self.points if p.keys >= first]
        return max(used) / used[-1] - 1 if used else 0.0


def measure(spec, client, value_bytes, keys, step):
    curve = Curve(spec.label, value_bytes)
    with Server(spec) as server, server.client() as admin:
        def memory():
            return int(admin.info("memory")["used_memory"]), procfs.rss_bytes(server.pid)

        empty, empty_rss = memory()
        for i in range(keys // step):
            client.fill(server.port, Dataset(f"k{i:03}", None, value_bytes), step)
            used, rss = memory()
            held = admin.call("DBSIZE")
            if held != (i + 1) * step:
                raise RuntimeError(f"{spec.label} holds {held:,} keys, not {(i + 1) * step:,}")
            curve.points.append(Point(held, (used - empty) / held, (rss - empty_rss) / held))
    return curve


def table(curves, first):
    lines = [f"{'server':12} {'value':>6} {'keys':>12} {'used B/key':>11} {'RSS B/key':>11}"]
    for curve in curves:
        shown = _some(p for p in curve.points if p.keys >= first)
        for p in shown:
            lines.append(f"{curve.label:12} {curve.value_bytes:>5}B {p.keys:>12,} {p.used:>11.1f} {p.rss:>11.1f}")
        lines.append(f"{curve.label:12} {curve.value_bytes:>5}B {'highest':>12} {curve.swing(first):>+11.1%} above the last")
    return lines


def _some(points):
    """The first, those at twice, four times ... as many keys, and the last."""
    points = list(points)
    shown, due = [], 0
    for p in points:
        if p.keys >= due or p is points[-1]:
            shown.append(p)
            due = 2 * p.keys
    return shown


def draw(folder, curves):
    import matplotlib.pyplot as plt
    labels = list(dict.fromkeys(c.label for c in curves))
    for value_bytes in dict.fromkeys(c.value_bytes for c in curves):
        figure, axes = plt.subplots(figsize=(10, 4.5))
        for curve in (c for c in curves if c.value_bytes == value_bytes):
            millions = [p.keys / 1e6 for p in curve.points]
            color = plots.COLORS[labels.index(curve.label) % len(plots.COLORS)]
            axes.plot(millions, [p.used for p in curve.points], color=color, label=curve.label)
            axes.plot(millions, [p.rss for p in curve.points], color=color, linestyle=":", alpha=0.7)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.set_title(f"Memory per key, 16-byte keys and {value_bytes}-byte values", loc="left", fontweight="bold")
        axes.set_xlabel("million keys; dotted: resident set", fontsize=8)
        axes.set_ylabel("bytes per key", fontsize=8)
        axes.legend(loc="lower right", frameon=False)
        figure.tight_layout()
        for suffix in ("svg", "png"):
            figure.savefig(folder / f"growth-{value_bytes}.{suffix}", dpi=130)
        plt.close(figure)
