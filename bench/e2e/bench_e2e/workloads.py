"""What is measured. One row per workload; everything else derives from it."""

import hashlib
from dataclasses import dataclass, field

AOF_POLICIES = ("off", "no", "everysec", "always")
BESIDE = "get-beside-set"
SCRIPT = "return redis.call('SET', KEYS[1], ARGV[1])"
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode()).hexdigest()


@dataclass(frozen=True)
class Dataset:
    """Keys that exist before measuring. `keys` None means as many as --keys says."""

    prefix: str
    keys: int | None
    value_bytes: int


SMALL = Dataset("key:", None, 64)
KB64 = Dataset("kb64:", 1000, 64 << 10)
CLEAN = Dataset("clean:", 100_000, 64)
TAGS = Dataset("key:", 100_000, 64)  # keys that do not exist before, five to a tag
MB1 = Dataset("mb1:", 64, 1 << 20)


@dataclass(frozen=True)
class Workload:
    name: str
    requests: tuple  # arguments of basalt-loadgen that say what to send
    redis_benchmark: tuple = ()  # the same for redis-benchmark; empty when it cannot
    pipeline: int = 1
    data: Dataset = SMALL
    preload: bool = True
    aof: str = "off"
    connections: int | None = None  # None: as many as --connections says
    half_load: bool = False  # open loop, at half of what the reference server reached in the closed loop
    rate: float = 0  # open loop at this rate
    beside: tuple = ()  # requests of a second client, which saturates the server with writes of SMALL meanwhile, P=16
    floor: bool = True  # a +PONG costs about what the reply would, so the floor is a fair yardstick
    quick: bool = False  # part of --quick
    setup: tuple = ()  # a command that goes to the server before each run
    tags: tuple = field(default=())


def _rb(test):
    return ("-t", test)


def _get_set():
    for verb in ("get", "set"):
        for pipeline in (1, 16, 64):
            yield Workload(f"{verb}-p{pipeline}", ("--mix", verb), _rb(verb), pipeline, quick=pipeline < 64,
                           tags=("core",))


def _logged():
    for aof in AOF_POLICIES[1:]:
        for pipeline in (1, 16, 64):
            yield Workload(f"set-p{pipeline}-{aof}", ("--mix", "set"), _rb("set"), pipeline, aof=aof, floor=False,
                           quick=pipeline == 16 and aof != "no", tags=("aof",))
        for pipeline in (1, 16):
            yield Workload(f"set-p{pipeline}-{aof}-c200", ("--mix", "set"), _rb("set"), pipeline, aof=aof, floor=False,
                           connections=200, tags=("aof", "c200"))
    # Reads of keys that nobody writes: what do they notice of the log?
    for aof, suffix in (("off", ""), ("always", "-always")):
        yield Workload(BESIDE + suffix, ("--mix", "get"), data=CLEAN, aof=aof, rate=2000, beside=("--mix", "set"), floor=False,
                       tags=("aof", "beside"))
    yield Workload("get9-set1-p1-always", ("--mix", "get=9,set=1"), (), 1, aof="always", floor=False, tags=("aof",))


def _many_keys():
    """Several keys in one operation: drawn one by one they lie on several shards, with one tag on one."""
    mget = ("MGET",) + ("key:__rand_int__",) * 10
    for pipeline, suffix in ((1, ""), (16, "-p16")):
        how = {"pipeline": pipeline, "tags": ("multi",)}
        yield Workload("mget10" + suffix, ("--mix", "mget:10"), mget, quick=pipeline == 1, floor=False, **how)
        yield Workload("mset10" + suffix, ("--mix", "mset:10"), _rb("mset"), **how)
        yield Workload("exec5" + suffix, ("--mix", "exec:5"), **how)
        yield Workload("exec5-one" + suffix, ("--mix", "exec-one:5"), data=TAGS, preload=False, **how)


def _scripts():
    yield Workload("eval1", ("--mix", "eval"), ("EVAL", SCRIPT, "1", "key:__rand_int__", "x" * 64), quick=True,
                   tags=("script",))
    yield Workload("evalsha1", ("--command", f"EVALSHA {SCRIPT_SHA} 1 {{key}} {{value}}"),
                   setup=("SCRIPT", "LOAD", SCRIPT), tags=("script",))
    yield Workload("eval2", ("--mix", "eval2"), preload=False, tags=("script",))


def _large():
    for name, data in (("64k", KB64), ("1m", MB1)):
        yield Workload(f"get-{name}", ("--mix", "get"), (), data=data, floor=False, tags=("large",))
        yield Workload(f"set-{name}", ("--mix", "set"), (), data=data, tags=("large",))


ALL = (
    *_get_set(),
    *_many_keys(),
    *_scripts(),
    Workload("lpush", ("--mix", "lpush"), _rb("lpush"), data=Dataset("key:", 1000, 64), preload=False, quick=True,
             tags=("multi",)),
    Workload("blpop", ("--handover",), preload=False, floor=False, tags=("multi", "blocking")),
    *_large(),
    Workload("get-half-load", ("--mix", "get"), half_load=True, quick=True, tags=("latency",)),
    Workload("set-half-load", ("--mix", "set"), half_load=True, tags=("latency",)),
    *_logged(),
)


def choose(names, quick):
    """The workloads asked for, by name, tag or "all"; in the order of ALL."""
    if not names:
        return [w for w in ALL if w.quick or not quick]
    wanted = set(names)
    known = {w.name for w in ALL} | {t for w in ALL for t in w.tags} | {"all"}
    if unknown := wanted - known:
        raise SystemExit(f"no such workload: {', '.join(sorted(unknown))} (--list shows them)")
    return [w for w in ALL if "all" in wanted or w.name in wanted or wanted & set(w.tags)]
