"""WATCH: what another client, or the same one, may do to a watched key, and whether EXEC then
fails.
"""

from stage import Scenes

SCENES = Scenes("watch")
scenario = SCENES.scenario

# What the other client does between WATCH and EXEC; k holds "1", l a list, missing nothing.
TOUCHES = (
    # writes of every kind
    "SET k 1",
    "SET k 2",
    "SETNX k 1",
    "GETSET k 1",
    "GETDEL k",
    "GETEX k",
    "GETEX k PERSIST",
    "GETEX k EX 100",
    "GETEX k EXAT 1",
    "APPEND k x",
    "APPEND k x1",
    "SETRANGE k 0 1",
    "SETBIT k 1 0",
    "INCR k",
    "INCRBY k 0",
    "INCRBYFLOAT k 0",
    "MSET k 1 z 2",
    "MSETNX k 1 z 2",
    "MSETNX missing 1 z 2",
    "BITOP NOT k l2",
    "BITOP AND k missing missing2",
    "BITFIELD k GET u8 0",
    "BITFIELD k SET u8 0 1",
    "BITFIELD k OVERFLOW FAIL SET u8 0 999",
    # writes that change nothing
    "DEL missing",
    "DEL k missing",
    "UNLINK k",
    "LPUSHX missing 1",
    "LREM l 0 none",
    "LREM l 0 a",
    "LTRIM l 0 -1",
    "LTRIM l 5 9",
    "LSET l 0 a",
    "LSET l 9 x",
    "LINSERT l BEFORE none x",
    "LINSERT l BEFORE a x",
    "LMOVE l l LEFT RIGHT",
    "LMOVE missing l LEFT RIGHT",
    "LMOVE l missing LEFT RIGHT",
    "LPOP missing",
    "LPOP l",
    "LPOP l 9",
    "LPOP l 0",
    "RPOPLPUSH l l",
    "LMPOP 2 missing l LEFT",
    "SADD s m",
    "SADD s n",
    "SREM s none",
    "SREM s m",
    "SPOP s",
    "SPOP s 0",
    "SMOVE s s m",
    "SMOVE s missing m",
    "SMOVE s missing none",
    "SINTERSTORE missing s missing2",
    "SINTERSTORE s missing s",
    "SUNIONSTORE k missing missing2",
    "SUNIONSTORE missing s",
    "HSET h f 1",
    "HSETNX h f 2",
    "HSETNX h g 2",
    "HDEL h none",
    "HDEL h f",
    "HINCRBY h f 0",
    "ZADD z 1 m",
    "ZADD z 2 m",
    "ZADD z XX 1 none",
    "ZADD z NX 9 m",
    "ZADD z GT 0 m",
    "ZINCRBY z 0 m",
    "ZREM z none",
    "ZREM z m",
    "ZPOPMIN z 0",
    "ZPOPMIN z",
    "ZRANGESTORE missing z 5 9",
    "ZRANGESTORE z missing 0 -1",
    "ZRANGESTORE missing z 0 -1",
    "ZREMRANGEBYRANK z 5 9",
    "ZUNIONSTORE k 1 missing2",
    "ZUNIONSTORE missing 1 z",
    "SORT l ALPHA STORE missing",
    "SORT missing2 STORE k",
    "SORT missing2 STORE missing",
    # life and death
    "EXPIRE k 1000",
    "EXPIRE missing 1000",
    "EXPIRE k -1",
    "EXPIREAT k 1",
    "PEXPIREAT k 1",
    "PERSIST k",
    "PERSIST v",
    "EXPIRE v 500",
    "EXPIRE v 500 GT",
    "EXPIREAT v 1",
    "TOUCH k",
    "RENAME k k2",
    "RENAME k k",
    "RENAME l k",
    "RENAME missing k",
    "RENAMENX k l",
    "RENAMENX k missing",
    "RENAME k missing",
    "COPY k missing",
    "COPY k l",
    "COPY l k REPLACE",
    "COPY missing k REPLACE",
    "COPY k k2 DB 1",
    "COPY k missing DB 1",
    "MOVE k 1",
    "MOVE missing 1",
    "RESTORE missing 0 junk",
    # the whole keyspace
    "FLUSHDB",
    "FLUSHALL",
    "FLUSHDB ASYNC",
    "SWAPDB 0 1",
    "SWAPDB 1 2",
    "SWAPDB 0 0",
    # no writes
    "GET k",
    "TYPE missing",
    "EXISTS missing",
    "STRLEN k",
    "LRANGE l 0 -1",
    "SORT l ALPHA",
    "OBJECT ENCODING k",
    "DUMP k",
    "PING",
    "SELECT 1",
    "DBSIZE",
    # failures
    "LPUSH k x",
    "INCR l",
    "SET k x NX",
    "SET missing x XX",
    "SET k x NX GET",
    "SET k x GET",
    "SETRANGE k -1 x",
    "INCRBY k x",
)

WATCHED = ("k", "l", "missing", "s", "z", "h", "v")


def fill(client):
    client.each("FLUSHALL", "SET k 1", "RPUSH l a b c", "SADD s m", "HSET h f 1", "ZADD z 1 m")
    client.each("SET v 1 EX 1000", "SET l2 x")


def verdict(client):
    client.each("MULTI", "PING", "EXEC")


# Every touch costs a dozen round trips, which do not depend on the protocol.
@scenario(resps=(2,))
def touched_by_another(stage):
    """One watcher per key, so that the verdict is about each key alone."""
    b = stage.client("b")
    watchers = dict(zip(WATCHED, stage.clients(WATCHED)))
    for touch in TOUCHES:
        fill(b)
        for key, watcher in watchers.items():
            watcher("WATCH", key)
        b(*touch.split())
        for watcher in watchers.values():
            verdict(watcher)
        b("SELECT", 0)


@scenario(needs=("hll",), resps=(2,))
def touched_counters(stage):
    """HyperLogLogs: a reading may store the count that it worked out."""
    a, b = stage.clients("ab")
    for touch in ("PFADD p", "PFADD missing", "PFADD p a", "PFADD p new", "PFCOUNT p", "PFMERGE p"):
        for watched in ("p", "missing"):
            b.each("DEL p missing", "PFADD p a")
            a("WATCH", watched)
            b(*touch.split())
            verdict(a)


@scenario(needs=("geo",), resps=(2,))
def touched_places(stage):
    a, b = stage.clients("ab")
    for touch in (
        "GEOADD g 1 1 a",
        "GEOADD g CH 1 1 a",
        "GEOADD g NX 2 2 a",
        "GEOADD g XX 1 1 none",
        "GEOPOS g a",
        "GEOSEARCHSTORE to g FROMLONLAT 0 0 BYRADIUS 900 km",
        "GEOSEARCHSTORE to g FROMLONLAT 99 0 BYRADIUS 1 km",
        "GEORADIUS g 0 0 900 km STORE to",
    ):
        for watched in ("g", "to"):
            b.each("DEL g to", "GEOADD g 1 1 a")
            a("WATCH", watched)
            b(*touch.split())
            verdict(a)


@scenario(resps=(2,))
def touched_by_itself(stage):
    a, b = stage.clients("ab")
    for touch in TOUCHES:
        fill(b)
        a("WATCH", *WATCHED)
        a(*touch.split())
        verdict(a)
        a("SELECT", 0)


@scenario(resps=(2,))
def touched_in_a_transaction(stage):
    a, b = stage.clients("ab")
    for touch in TOUCHES[::3]:
        fill(b)
        a("WATCH", *WATCHED)
        b("MULTI")
        b(*touch.split())
        b("EXEC")
        verdict(a)
        b("SELECT", 0)


@scenario(needs=("scripts",), resps=(2,))
def touched_by_a_script(stage):
    a, b = stage.clients("ab")
    for touch in TOUCHES:
        words = touch.split()
        if words[0] in ("SELECT", "FLUSHALL", "SWAPDB", "PING"):
            continue
        fill(b)
        a("WATCH", *WATCHED)
        b("EVAL", "return redis.pcall(unpack(ARGV))", 0, *words)
        verdict(a)


@scenario()
def touched_and_put_back(stage):
    a, b = stage.clients("ab")
    a.each("SET k 1", "WATCH k")
    b.each("SET k 2", "SET k 1")
    verdict(a)
    a("WATCH", "missing")
    b.each("SET missing 1", "DEL missing")
    verdict(a)


@scenario()
def created(stage):
    a, b, c = stage.clients("abc")
    for create in ("SET m 1", "LPUSH m 1", "RENAME x m", "COPY x m", "SUNIONSTORE m s"):
        b.each("FLUSHALL", "SET x 1", "SADD s 1")
        a.each("WATCH m", "MULTI", "GET m")
        c("WATCH", "other")
        b(*create.split())
        a("EXEC")
        verdict(c)


@scenario()
def expired_by_time(stage):
    """The key is gone when the transaction runs; nobody has to touch it."""
    a, b = stage.clients("ab")
    a.each("SET k 1 PX 30", "WATCH k", "MULTI", "SET done 1")
    stage.wait_gone("k")
    a.each("EXEC", "EXISTS done k")
    # One that had already expired when it was watched counts as missing.
    b.each("SET k 1 PX 1")
    stage.wait_gone("k")
    a("WATCH", "k")
    verdict(a)


@scenario()
def expired_and_never_looked_at(stage):
    """Only the clock passes the watched key's time; another key's end tells when."""
    a, b = stage.clients("ab")
    a.each("SET k 1 PX 20", "SET later 1 PX 60", "WATCH k")
    stage.wait_gone("later")
    verdict(a)
    b("EXISTS", "k")


@scenario()
def time_to_live_changed(stage):
    a, b = stage.clients("ab")
    for change in ("PEXPIREAT k 1", "EXPIREAT k 99999999999", "PERSIST k", "GETEX k EXAT 1"):
        b("SET", "k", 1, "EX", 1000)
        a("WATCH", "k")
        b(*change.split())
        verdict(a)


@scenario()
def several_watchers(stage):
    a, b, c, d = stage.clients("abcd")
    for one in (a, b, c):
        one("WATCH", "k")
    a.each("MULTI", "SET k a", "EXEC")
    verdict(b)
    c.each("UNWATCH")
    verdict(c)
    d.each("WATCH k", "SET k d")
    verdict(d)


@scenario()
def forgotten_after_exec_discard_unwatch_reset(stage):
    a, b = stage.clients("ab")
    for end in (("MULTI", "EXEC"), ("MULTI", "DISCARD"), ("UNWATCH",), ("RESET",)):
        a("WATCH", "k")
        a.each(*end)
        if end == ("RESET",) and stage.resp == 3:
            a("HELLO", 3, check=lambda x, y: None)  # has the server's name and version
        b("SET", "k", "x")
        verdict(a)
    # Touched first, then forgotten.
    for end in (("MULTI", "EXEC"), ("MULTI", "DISCARD"), ("UNWATCH",)):
        a("WATCH", "k")
        b("SET", "k", "x")
        a.each(*end)
        verdict(a)
    # An EXEC refused for a bad command forgets as well.
    a("WATCH", "k")
    b("SET", "k", "x")
    a.each("MULTI", "NOSUCH", "EXEC")
    verdict(a)


@scenario()
def aborted_for_both_reasons(stage):
    a, b = stage.clients("ab")
    a("WATCH", "k")
    b("SET", "k", "x")
    a.each("MULTI", "NOSUCH", "SET k a", "EXEC", "GET k")
    a.each("WATCH k", "MULTI")
    b("SET", "k", "y")
    a.each("NOSUCH", "EXEC", "GET k")


@scenario()
def touched_while_queueing(stage):
    a, b = stage.clients("ab")
    a.each("WATCH k", "MULTI", "SET k a")
    b("SET", "k", "b")
    a.each("GET k", "EXEC", "GET k")


@scenario()
def unwatch_inside_does_not_help(stage):
    a, b = stage.clients("ab")
    a.each("WATCH k", "MULTI", "UNWATCH", "SET k a")
    b("SET", "k", "b")
    a.each("EXEC", "GET k")


@scenario()
def watched_twice_and_again(stage):
    a, b = stage.clients("ab")
    a.each("WATCH k k k2", "WATCH k", "WATCH k3")
    b("SET", "k3", 1)
    verdict(a)
    a("WATCH", "k")
    b("SET", "k", 1)
    a("WATCH", "k")  # the touch before still counts
    verdict(a)


@scenario()
def databases(stage):
    a, b = stage.clients("ab")
    # The same name elsewhere.
    a("WATCH", "k")
    b.each("SELECT 1", "SET k 1")
    verdict(a)
    # Watched in 1, transaction in 0.
    a.each("SELECT 1", "WATCH k", "SELECT 0", "WATCH k")
    b.each("SET k 2")
    verdict(a)
    a.each("SELECT 1", "WATCH k", "SELECT 0")
    b.each("SELECT 0", "SET k 3")
    verdict(a)
    a.each("WATCH k", "MULTI", "SELECT 1", "SET k inside", "EXEC", "GET k", "SELECT 0")


@scenario()
def swapped_databases(stage):
    a, b = stage.clients("ab")
    for first, second in ((("SET", "k", 1), None), (None, ("SET", "k", 2)), (None, None)):
        for watched_db in (0, 1):
            b("FLUSHALL")
            for db, command in ((0, first), (1, second)):
                b("SELECT", db)
                if command:
                    b(*command)
            a.each("SELECT %d" % watched_db, "WATCH k")
            b.each("SWAPDB 0 1")
            verdict(a)
            a.each("GET k", "SELECT 0")
    # Swapped there and back.
    b.each("SELECT 0", "SET k 1")
    a("WATCH", "k")
    b.each("SWAPDB 0 1", "SWAPDB 0 1")
    verdict(a)


@scenario()
def flushes(stage):
    a, b = stage.clients("ab")
    for flush in ("FLUSHDB", "FLUSHALL", "FLUSHDB ASYNC", "FLUSHALL SYNC"):
        for watched in ("k", "missing"):
            for db in (0, 1):
                b.each("SELECT %d" % db, "SET k 1", "SELECT 0")
                a.each("SELECT %d" % db, "WATCH " + watched)
                b(*flush.split())
                verdict(a)


@scenario()
def move_and_copy_between_databases(stage):
    a, b, c = stage.clients("abc")
    for touch in ("MOVE k 1", "COPY k k DB 1", "COPY k k DB 1 REPLACE", "COPY k other DB 1"):
        for taken in (False, True):
            b.each("FLUSHALL", "SET k 1")
            if taken:
                b.each("SELECT 1", "SET k there", "SELECT 0")
            a("WATCH", "k")
            c.each("SELECT 1", "WATCH k")
            b(*touch.split())
            verdict(a)
            verdict(c)


@scenario()
def leaves_while_watching(stage):
    a, b, c = stage.clients("abc")
    a.each("WATCH k k2", "MULTI", "SET k a")
    c("WATCH", "k")
    a.leave()
    b("SET", "k", 1)
    verdict(c)
    b.each("SET k2 1", "GET k")


@scenario()
def failed_write_inside_still_touches(stage):
    a, b = stage.clients("ab")
    a("WATCH", "k", "l")
    b.each("MULTI", "INCR l", "LPUSH k x", "EXEC")
    verdict(a)
    b.each("SET k str")
    a("WATCH", "k", "l")
    b.each("MULTI", "LPUSH k x", "NOSUCH", "EXEC")
    verdict(a)
    a("WATCH", "k", "l")
    b.each("MULTI", "LPUSH k x", "SET l 1", "DISCARD")
    verdict(a)


@scenario()
def exec_touches_other_watchers(stage):
    a, b, c = stage.clients("abc")
    a("WATCH", "k")
    b("WATCH", "k")
    a.each("MULTI", "SET k a")
    b.each("MULTI", "SET k b")
    a("EXEC")
    b("EXEC")
    c("GET", "k")


@scenario(needs=("blocking",))
def served_from_a_push_counts_as_a_write(stage):
    a, b, c = stage.clients("abc")
    a("WATCH", "l")
    b.blocks("BLPOP", "l", 0)
    c("RPUSH", "l", 1)
    b.answer()
    verdict(a)
    a("WATCH", "to")
    b.blocks("BLMOVE", "l", "to", "LEFT", "RIGHT", 0)
    c("RPUSH", "l", 1)
    b.answer()
    verdict(a)
