"""MULTI, EXEC and DISCARD: what is queued, what is refused, and what a refusal does to the rest."""

from stage import Scenes

SCENES = Scenes("transactions")
scenario = SCENES.scenario


@scenario()
def empty_and_plain(stage):
    a = stage.client()
    a.each("MULTI", "EXEC", "MULTI", "SET k 1", "INCR k", "GET k", "EXEC", "GET k")
    a.each("MULTI", "SET k 9", "DISCARD", "GET k", "EXEC", "DISCARD", "MULTI", "EXEC")


@scenario()
def without_multi(stage):
    a = stage.client()
    a.each("EXEC", "DISCARD", "UNWATCH", "EXEC x", "DISCARD x", "MULTI x", "WATCH", "UNWATCH x")


@scenario()
def nested(stage):
    a = stage.client()
    a.each("MULTI", "SET k 1", "MULTI", "SET k 2", "EXEC", "GET k")
    a.each("MULTI", "MULTI", "MULTI", "DISCARD", "GET k")


@scenario()
def watch_inside(stage):
    a = stage.client()
    a.each("MULTI", "WATCH k", "SET k 1", "EXEC", "GET k")
    a.each("MULTI", "WATCH", "SET k 2", "EXEC", "GET k", "MULTI", "UNWATCH", "SET k 3", "EXEC")


@scenario()
def refused_while_queueing(stage):
    a = stage.client()
    for wrong in (
        "NOSUCH x",
        "GET",
        "GET a b",
        "SET k",
        "MSET k",
        "CONFIG",
        "CONFIG NOSUCH",
        "OBJECT NOSUCH k",
        "CLIENT NOSUCH",
        "EXEC x",
        "DISCARD x",
        "MULTI x",
        "UNWATCH x",
        "LMPOP 1",
        "ZADD z 1",
    ):
        a("MULTI")
        a.each("SET k 1", wrong, "SET k 2", "EXEC", "GET k", "DEL k")


@scenario()
def refused_then_discarded(stage):
    a = stage.client()
    a.each("MULTI", "NOSUCH", "DISCARD", "MULTI", "SET k 1", "EXEC")


@scenario()
def wrong_arguments_are_queued(stage):
    """What only the command itself can refuse is refused at EXEC, and the rest is done."""
    a = stage.client()
    for wrong in (
        "INCRBY k x",
        "SET k v EX 0",
        "SET k v NX XX",
        "LPUSH k x",
        "ZADD k x y",
        "EXPIRE k x",
        "SELECT 99",
        "SELECT x",
        "GETRANGE k a b",
        "RENAME nokey other",
        "LSET k 0 x",
        "HELLO 9",
        "COPY k k",
        "OBJECT ENCODING nokey",
        "SORT k",
        "RESTORE r 0 junk",
        "SETRANGE k -1 x",
    ):
        a.each("SET k str", "MULTI", "APPEND k 1", wrong, "APPEND k 2", "EXEC", "GET k")


@scenario()
def reset_and_quit_inside(stage):
    a, b, c = stage.clients("abc")
    a.each("MULTI", "SET k 1")
    a("QUIT")
    a("GET", "k")
    b.each("MULTI", "SET k 1", "RESET", "EXEC", "PING", "GET k")
    c("EXISTS", "k")


@scenario()
def persistence_commands_inside(stage):
    a = stage.client()
    for command in ("SAVE", "SHUTDOWN NOSAVE X", "DEBUG"):
        a.each("MULTI", command, "SET k 1", "EXEC", "EXISTS k")


@scenario()
def hello_inside(stage):
    a = stage.client()
    a.each("MULTI", "HELLO 9", "EXEC", "MULTI", "HELLO 3 SETNAME", "EXEC")
    a.each("SADD s 1", "MULTI", "SMEMBERS s", "EXEC")


@scenario()
def reset_ends_it(stage):
    a = stage.client()
    a.each("SELECT 1", "MULTI", "SET k 1", "RESET", "EXEC", "GET k", "SELECT 1", "GET k")


@scenario()
def select_inside(stage):
    a = stage.client()
    a.each("MULTI", "SET k 0", "SELECT 1", "SET k 1", "SELECT 2", "SET k 2", "EXEC", "GET k")
    a.each("SELECT 0", "GET k", "MULTI", "SELECT 1", "DISCARD", "GET k")
    a.each("MULTI", "SELECT 1", "NOSUCH", "EXEC", "GET k")


@scenario()
def whole_keyspace_inside(stage):
    a, b = stage.clients("ab")
    a.each("MSET a 1 b 2 c 3 d 4", "MULTI", "DBSIZE", "FLUSHDB", "SET x 1", "DBSIZE", "EXEC")
    a.each("MULTI", "SET y 2", "SWAPDB 0 1", "GET y", "SELECT 1", "GET y", "EXEC", "GET y")
    b.each("GET x", "DBSIZE", "MULTI", "FLUSHALL", "DBSIZE", "SELECT 1", "DBSIZE", "EXEC")
    b.each("SELECT 0", "MULTI", "MSET a 1 b 2", "RENAME a c", "COPY b d DB 1", "MOVE c 2", "EXEC")


@scenario()
def many_shards_inside(stage):
    a = stage.client()
    a.each("MULTI", "MSET a 1 b 2 c 3 d 4 e 5", "MGET e d c b a x", "DEL a x c", "EXISTS a b c d e")
    a.each("SINTERSTORE s a x", "SADD s1 1 2 3", "SADD s2 2 3 4", "SINTERSTORE s s1 s2", "EXEC")
    a.each("MULTI", "LPUSH l1 1 2 3", "LMOVE l1 l2 LEFT RIGHT", "RENAME l1 l3", "LRANGE l3 0 -1")
    a.each("LRANGE l2 0 -1", "EXEC")


@scenario(needs=("blocking",))
def blocking_commands_inside(stage):
    a = stage.client()
    for command in (
        "BLPOP l 0",
        "BRPOP l m 0",
        "BRPOPLPUSH l m 0",
        "BLMOVE l m LEFT RIGHT 0",
        "BLMPOP 0 2 l m LEFT",
        "BZPOPMIN z 0",
        "BZPOPMAX z y 0",
        "BZMPOP 0 1 z MIN",
        "BLPOP l x",
        "BLPOP l -1",
    ):
        a.each("MULTI", command, "RPUSH l 1 2 3", "ZADD z 1 a 2 b", command, "EXEC")
        a.each("DEL l m z y")


@scenario()
def disconnected_with_a_queue(stage):
    a, b = stage.clients("ab")
    a.each("MULTI", "SET k 1")
    a.leave()
    b.each("GET k", "SET k 2", "GET k")


@scenario()
def two_clients_interleaved(stage):
    a, b = stage.clients("ab")
    a.each("MULTI", "SET k a", "GET k")
    b.each("MULTI", "SET k b", "SET other b")
    a("EXEC")
    b.each("EXEC", "MGET k other")
    a("MGET", "k", "other")


@scenario()
def expiry_inside(stage):
    a = stage.client()
    a.each("SET k 1", "MULTI", "EXPIREAT k 1", "EXISTS k", "SET k 2", "PEXPIRE k -1", "GET k", "EXEC")


@scenario()
def reply_types_inside(stage):
    a = stage.client()
    a.each("HSET h f 1", "SADD s m", "ZADD z 1.5 m", "SET n 10", "MULTI")
    a.each("HGETALL h", "SMEMBERS s", "ZRANGE z 0 -1 WITHSCORES", "ZSCORE z m", "ZSCORE z x", "GET x")
    a.each("INCRBYFLOAT n 0.5", "HGET h x", "LRANGE x 0 -1", "CONFIG GET maxmemory-policy", "PING")
    a.each("ECHO x", "TYPE h", "MGET n x", "LPOP x", "LPOP x 2", "ZPOPMIN z", "EXEC")


@scenario()
def client_commands_inside(stage):
    a = stage.client()
    a.each("MULTI", "CLIENT SETNAME me", "CLIENT GETNAME", "EXEC", "CLIENT GETNAME")
    a.each("MULTI", "CLIENT REPLY OFF x", "OBJECT HELP x", "COMMAND COUNT x", "EXEC")


def any_command(random):
    key, other = random.choice("abcd"), random.choice("abcd")
    return random.choice(
        (
            "SET %s 1" % key,
            "INCR %s" % key,
            "APPEND %s x" % key,
            "DEL %s" % key,
            "GET %s" % key,
            "LPUSH %s 1 2" % key,
            "LRANGE %s 0 -1" % key,
            "RENAME %s %s" % (key, other),
            "COPY %s %s" % (key, other),
            "COPY %s %s DB %d" % (key, other, random.randrange(3)),
            "MOVE %s %d" % (key, random.randrange(3)),
            "MSET %s 1 %s 2" % (key, other),
            "MGET a b c d",
            "EXISTS a b c d",
            "SELECT %d" % random.randrange(2),
            "EXPIREAT %s 1" % key,
            "EXPIRE %s 1000" % key,
            "PERSIST %s" % key,
            "SWAPDB 0 1" if random.randrange(3) == 0 else "DBSIZE",
            "FLUSHDB" if random.randrange(6) == 0 else "TYPE %s" % key,
            "NOSUCH" if random.randrange(8) == 0 else "STRLEN %s" % key,
            "UNWATCH",
        )
    )


@scenario(seeds=12)
def generated(stage):
    """Three clients with transactions that overlap in time, in every kind of order."""
    actors = stage.clients("abc")
    inside = {actor: False for actor in actors}
    for _ in range(70):
        actor = stage.random.choice(actors)
        dice = stage.random.random()
        if dice < 0.12:
            command = "MULTI"
        elif dice < 0.25:
            command = "EXEC"
        elif dice < 0.28:
            command = "DISCARD"
        elif dice < 0.45 and not inside[actor]:
            keys = stage.random.sample("abcd", stage.random.randrange(1, 4))
            command = "WATCH " + " ".join(keys)
        elif dice < 0.46:
            command = "RESET"
        else:
            command = any_command(stage.random)
        inside[actor] = command == "MULTI" or inside[actor] and command not in ("EXEC", "DISCARD")
        if command == "RESET" and stage.resp == 3:
            continue  # it would go back to RESP2, which the other run has
        actor(*command.split())
