"""What the benchmarks beside `run` have in common: options, the servers that they compare, first lines, JSON."""

import argparse
import json
import os
import pathlib
import shutil
import sys
from dataclasses import asdict

from . import procfs, servers
from .servers import ServerSpec

ROOT = pathlib.Path(__file__).resolve().parents[3]


def parser(doc, shards="1,2"):
    """With --build, --redis and --shards."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", metavar="DIR",
                   help="where basalt-server and its tools are (default build/release)")
    p.add_argument("--redis", default=shutil.which("redis-server"), metavar="PATH", help="redis-server ('' leaves it out)")
    p.add_argument("--shards", default=shards, metavar="N,N", help=f"of Basalt, one server each (default {shards})")
    return p


def add_place(p, server_cores="any", client_cores=""):
    """--server-cores (whose default is described), --client-cores, --realtime and --dir."""
    p.add_argument("--server-cores", default="", help=f"taskset list (default {server_cores})")
    p.add_argument("--client-cores", default=client_cores, help=f"taskset list (default {client_cores or 'any'})")
    p.add_argument("--realtime", action="store_true", help="before all other work of the machine (SCHED_RR, as root)")
    p.add_argument("--dir", metavar="DIR", help="where the servers' folders go, hence which disk is measured")


def add_out(p):
    p.add_argument("--out", type=pathlib.Path, metavar="FILE", help="for the figures as JSON")


def program(o, name):
    """Its path; servers run in folders of their own, so it is absolute."""
    path = o.build.resolve() / name
    if not os.access(path, os.X_OK):
        sys.exit(f"no {name} in {o.build}: build it or give --build")
    return str(path)


def specs(o, extra=()):
    """redis-server, unless it is left out, and Basalt with each number of shards; all with the words `extra`."""
    basalt = program(o, "basalt-server")
    found = [ServerSpec("redis", "redis", o.redis, tuple(extra))] if o.redis else []
    return found + [ServerSpec(f"basalt x{n}", "basalt", basalt, ("--shards", n, *extra)) for n in o.shards.split(",")]


def begin(compared, about="", of_server=lambda spec: ""):
    """Prints what is measured where; returns the machine."""
    m = procfs.machine()
    print(f"{m['cpu']}, {m['cores']} cores, Linux {m['kernel']}, load {m['loadavg'][0]:.1f}{about and '; '}{about}")
    for spec in compared:
        print(f"  {spec.label:12} {servers.version(spec)}{of_server(spec)}")
    return m


def say(text):
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def end(o, machine, table, rows):
    """Prints the table; `rows`, dicts or dataclasses, go to --out."""
    print("\n".join(table))
    if o.out:
        rows = [row if isinstance(row, dict) else asdict(row) for row in rows]
        o.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))
    return 0
