"""bench/HISTORY.md: a line for each change of note, measured the same way every time."""

import subprocess

from . import ticks

# What a line says of each: CPU time per operation, and its ratio to redis-server in the same run.
WORKLOADS = ("get-p1", "get-p16", "set-p1", "set-p16", "set-p16-everysec")
# Instructions of basalt-ticks.
ROWS = ("get-p1", "get-p16", "set-p1", "set-p16", "set-p16-everysec")


def problem(labels, names):
    """Why a run of these servers and workloads makes no line, or None."""
    if not {"redis", "basalt"} <= set(labels):
        return "wants redis-server and basalt-server in the run"
    if missing := set(WORKLOADS) - set(names):
        return f"wants these workloads, too: {', '.join(sorted(missing))}"
    return None


def commit(root):
    """Short name of the commit; with a plus when the tree has changes that are not in it."""
    ask = lambda *words: subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True).stdout.strip()
    return (ask("rev-parse", "--short=9", "HEAD") or "?") + ("+" if ask("status", "--porcelain", "-uno") else "")


def count_instructions(program):
    """{row: instructions per request}; by callgrind whatever else there is, so that all lines compare."""
    if "callgrind" not in ticks.methods()[0]:
        return {}
    return {row.name: ticks.instructions("callgrind", program, row) for row in ticks.ROWS if row.name in ROWS}


def line(date, commit_name, what, machine, medians, instructions):
    """A row of the table. `medians` as of Bench.medians()."""
    cells = [date, f"`{commit_name}`", what.replace("|", "/").replace("\n", " "), machine.replace("|", "/")]
    cells += [f"{instructions[name]:,.0f}" if name in instructions else "-" for name in ROWS]
    for name in WORKLOADS:
        row, reference = medians.get((name, "basalt")), medians.get((name, "redis"))
        if not row or not reference or not reference["cpu_ns_per_op"]:
            cells.append("-")
            continue
        times = row["cpu_ns_per_op_ratio"] or row["cpu_ns_per_op"] / reference["cpu_ns_per_op"]
        cells.append(f"{row['cpu_ns_per_op']:,.0f} ({times:.2f})")
    return "| " + " | ".join(cells) + " |"


def append(path, text):
    with open(path, "a") as file:
        file.write(text + "\n")
