"""The table on stdout and the JSON file."""

import json
from dataclasses import asdict

from .workloads import BESIDE

COLUMNS = (("workload", 20, "<"), ("server", 14, "<"), ("ops/s", 11, ">"), ("x ref", 7, ">"), ("CPU ns/op", 11, ">"),
           ("x ref", 7, ">"), ("instr/op", 9, ">"), ("cycles/op", 9, ">"), ("kernel", 7, ">"), ("busy", 6, ">"),
           ("p50 us", 9, ">"), ("p99 us", 9, ">"), ("p99.9 us", 9, ">"), ("spread", 7, ">"), ("", 3, "<"))
WAITED_TOO_LONG = 0.05  # share of the time without a core that spoils ops/s and latency
NOT_SATURATED = 0.9


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def percent(value):
    return "-" if value is None else f"{value * 100:.0f}%"


def ratio(value):
    return "-" if value is None else f"{value:.2f}"


def _line(cells):
    return "  ".join(f"{cell:{align}{width}}" for cell, (_, width, align) in zip(cells, COLUMNS)).rstrip()


def marks(row):
    return (("w" if row["waited"] > WAITED_TOO_LONG else "")
            + ("c" if row["busy"] < NOT_SATURATED and not row["rate_asked_per_s"] else "")
            + ("E" if row["errors"] else ""))


def table(bench, medians, exact):
    """All rows, grouped by workload, every server beside the reference, which is the first."""
    lines = [_line([name for name, _, _ in COLUMNS]), _line(["-" * width for _, width, _ in COLUMNS])]
    for workload in bench.workloads:
        shown = workload.name
        for spec in bench.specs:
            row = medians.get((workload.name, spec.label))
            if row is None:
                continue
            instructions = row["instructions_per_op"] or exact.get((workload.name, spec.label))
            lines.append(_line([
                shown, spec.label, number(row["ops_per_s"]), ratio(row["ops_per_s_ratio"]),
                number(row["cpu_ns_per_op"]), ratio(row["cpu_ns_per_op_ratio"]),
                number(instructions), number(row["cycles_per_op"]), percent(row["kernel_share"]),
                percent(row["busy"]),
                number(row["p50_us"], 1), number(row["p99_us"], 1), number(row["p999_us"], 1),
                percent(row["spread"] if row["rounds"] > 1 else None),
                marks(row)]))
            shown = ""
    return lines


def notes(bench, medians, exact):
    seen = "".join(marks(row) for row in medians.values())
    rounds = max((r["rounds"] for r in medians.values()), default=0)
    lines = [f"x ref: against {bench.specs[0].label} in the same round; medians of {rounds} round(s); CPU ns/op is "
             "of the server, all its threads, user and kernel"]
    if bench.counter_problem:
        lines.append(f"no hardware counters: {bench.counter_problem}; CPU ns/op stands in for instructions")
    if exact:
        lines.append("instr/op: user space only, counted by callgrind in a separate short run")
    if any(w.half_load for w in bench.workloads):
        lines.append("half-load: one fixed rate for all servers, half of the reference's full speed; latency counts "
                     "from when a request was due")
    lines += beside(bench, medians)
    if "w" in seen:
        lines.append(f"w: the server stood ready without a core for more than {percent(WAITED_TOO_LONG)} of the time; "
                     "other work disturbed ops/s and latency (CPU ns/op much less)")
    if "c" in seen:
        lines.append(f"c: the server was busy less than {percent(NOT_SATURATED)} of the time: the client or the disk set "
                     "ops/s, so compare CPU ns/op")
    if "E" in seen:
        lines.append("E: error replies; the row measures something else than its name says")
    return lines


def beside(bench, medians):
    """What `always` does to reads of keys that nobody writes: their latency against that without a log."""
    lines = []
    for spec in bench.specs:
        off, always = (medians.get((BESIDE + suffix, spec.label)) for suffix in ("", "-always"))
        if off and always:
            times = (f"{name} {ratio(always[field] / off[field])}" for name, field in
                     (("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p999_us")))
            lines.append(f"GET beside SET, always against no log: {spec.label} {', '.join(times)}")
    return lines


def memory_table(bench):
    reference = {m.value_bytes: m for m in bench.memory.get(bench.specs[0].label, [])}
    lines = [f"{'memory':20}  {'server':14}  {'bytes/key':>11}  {'x ref':>7}  {'RSS/key':>11}  {'RSS MB':>9}"]
    for label, entries in bench.memory.items():
        for m in entries:
            ref = reference.get(m.value_bytes)
            times = m.bytes_per_key / ref.bytes_per_key if m.bytes_per_key and ref and ref.bytes_per_key else None
            lines.append(f"{f'16 B key + {m.value_bytes} B':20}  {label:14}  {number(m.bytes_per_key, 1):>11}  "
                         f"{ratio(times):>7}  {number(m.rss_per_key, 1):>11}  "
                         f"{number(m.rss_bytes / 1e6):>9}")
    return lines if bench.memory else []


def save_json(path, bench, medians, exact, about):
    document = {
        "about": about,
        "counter_problem": bench.counter_problem,
        "failures": bench.failures,
        "medians": [{"workload": w, "server": s, "callgrind_instructions_per_op": exact.get((w, s)), **row}
                    for (w, s), row in medians.items()],
        "samples": [{"workload": w, "server": s, "rounds": [asdict(x) for x in rows]}
                    for (w, s), rows in bench.samples.items()],
        "memory": [{"server": s, **asdict(m)} for s, rows in bench.memory.items() for m in rows],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
