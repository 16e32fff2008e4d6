"""Bar charts as SVG and PNG. Needs the distribution's matplotlib; without it the table and the JSON still come."""

# One per server in the order given; told apart by the colour-blind too. The floor is no competitor, hence pale.
COLORS = ("#7f7f7f", "#d1495b", "#30638e", "#edae49", "#00798c", "#6a4c93", "#3d3d3d")
FLOOR_COLOR = "#d9d4c7"


def available():
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    return True


def _short(value):
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def _color(labels, label):
    return FLOOR_COLOR if label == "floor" else COLORS[labels.index(label) % len(COLORS)]


def _bars(path, title, note, groups, labels, values, text, log=False):
    """Horizontal bars: `values[group][label]`, each with `text(group, label)` at its end."""
    import matplotlib.pyplot as plt
    rows = sum(len(values[g]) for g in groups) + 0.8 * len(groups)
    figure, axes = plt.subplots(figsize=(10, max(2.5, 0.24 * rows + 1.4)))
    y, ticks = 0.0, []
    for group in groups:
        present = [label for label in labels if label in values[group]]
        ticks.append((y + (len(present) - 1) / 2, group))
        for label in present:
            value = values[group][label]
            axes.barh(y, value, height=0.86, color=_color(labels, label))
            axes.annotate(text(group, label), (value, y), xytext=(4, 0), textcoords="offset points",
                          va="center", fontsize=8)
            y += 1
        y += 0.8
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    axes.invert_yaxis()
    if log:
        axes.set_xscale("log")
    axes.margins(x=0.22)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel(note, fontsize=8)
    handles = [plt.Rectangle((0, 0), 1, 1, color=_color(labels, label)) for label in labels]
    axes.legend(handles, labels, loc="lower right", bbox_to_anchor=(1, 1), ncol=len(labels), fontsize=8,
                frameon=False)
    figure.tight_layout()
    for suffix in ("svg", "png"):
        figure.savefig(f"{path}.{suffix}", dpi=130)
    plt.close(figure)


def _against_reference(folder, name, title, field, unit, bench, medians):
    labels = [s.label for s in bench.specs]
    values = {}
    for workload in bench.workloads:
        rows = {l: medians[workload.name, l][field + "_ratio"] for l in labels if (workload.name, l) in medians}
        if rows and None not in rows.values() and not workload.half_load:
            values[workload.name] = rows
    if values:
        _bars(folder / name, title, f"times {labels[0]} in the same round; absolute figures in brackets", list(values),
              labels, values, lambda g, l: f"{values[g][l]:.2f}x  ({_short(medians[g, l][field])}{unit})")


def _latency(folder, bench, medians):
    labels = [s.label for s in bench.specs]
    values, rates = {}, []
    for workload in bench.workloads:
        if not workload.half_load:
            continue
        for field, name in (("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9")):
            rows = {l: medians[workload.name, l][field] for l in labels if (workload.name, l) in medians}
            if rows:
                values[f"{workload.requests[1]} {name}"] = rows
        rates += [f"{workload.requests[1]} {medians[workload.name, l]['rate_asked_per_s']:,.0f}/s" for l in labels[:1]
                  if (workload.name, l) in medians]
    if values:
        _bars(folder / "latency", "Latency at a fixed rate (lower is better)",
              f"microseconds since due, logarithmic; rate: {', '.join(rates)}", list(values), labels, values,
              lambda g, l: f"{values[g][l]:,.0f} us", log=True)


def _memory(folder, bench):
    labels = [s.label for s in bench.specs if s.label in bench.memory]
    values = {}
    for label in labels:
        for m in bench.memory[label]:
            if m.bytes_per_key is not None:
                values.setdefault(f"16 B key\n{m.value_bytes} B value", {})[label] = m.bytes_per_key
    if values:
        keys = bench.memory[labels[0]][0].keys
        _bars(folder / "memory", "Memory per key (lower is better)", f"bytes of used_memory at {keys:,} keys",
              list(values), labels, values, lambda g, l: f"{values[g][l]:.1f} B")


def draw(folder, bench, medians):
    _against_reference(folder, "throughput", "Throughput on one core (higher is better)", "ops_per_s", "/s",
                       bench, medians)
    _against_reference(folder, "cpu", "Server CPU time per operation (lower is better)", "cpu_ns_per_op", " ns",
                       bench, medians)
    _latency(folder, bench, medians)
    _memory(folder, bench)
