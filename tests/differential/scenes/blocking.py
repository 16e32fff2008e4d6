"""Blocked clients: who is served by what, in which order, and what is left for the next.

Redis serves a blocked client before it looks at the next command. A server whose keys live on
several shards may need a moment more to serve a client that waits on several of them; scenarios that
push on before a reply has come, and so can tell, need "order".
"""

from stage import Scenes

SCENES = Scenes("blocking", needs=("blocking",))
scenario = SCENES.scenario


def answers(*clients):
    for client in clients:
        client.answer()


@scenario()
def first_come_first_served(stage):
    a, b, c, pusher = stage.clients("abcp")
    for client in (b, c, a):
        client.blocks("BLPOP", "l", 0)
    for value in "123":
        pusher("RPUSH", "l", value)
    answers(b, c, a)
    pusher("RPUSH", "l", "left")


@scenario()
def one_push_for_several(stage):
    a, b, c, d, pusher = stage.clients("abcdp")
    a.blocks("BLPOP", "l", 0)
    b.blocks("BRPOP", "l", 0)
    c.blocks("BLMPOP", 0, 1, "l", "RIGHT", "COUNT", 2)
    d.blocks("BLPOP", "l", 0)
    pusher("RPUSH", "l", 1, 2, 3, 4, 5)
    answers(a, b, c, d)
    pusher("EXISTS", "l")


@scenario()
def left_and_right_pushes(stage):
    for push in ("LPUSH", "RPUSH"):
        for pop in ("BLPOP", "BRPOP"):
            a, pusher = stage.clients("ap")
            a.blocks(pop, "l", 0)
            pusher(push, "l", 1, 2, 3)
            a.answer()
            pusher.each("LRANGE l 0 -1", "DEL l")


@scenario()
def several_keys(stage):
    a, b, pusher = stage.clients("abp")
    a.blocks("BLPOP", "k1", "k2", "k3", 0)
    b.blocks("BLPOP", "k3", "k2", 0)
    pusher("RPUSH", "k2", 1)
    a.answer()
    pusher("RPUSH", "k3", 2)
    b.answer()
    # Both keys at once: the order of the client's own keys decides.
    a.blocks("BLPOP", "x", "y", 0)
    pusher.each("MULTI", "RPUSH y fromy", "RPUSH x fromx", "EXEC")
    a.answer()
    pusher.each("LRANGE x 0 -1", "LRANGE y 0 -1")


@scenario(needs=("order",))
def several_keys_and_no_pause(stage):
    a, b, pusher = stage.clients("abp")
    a.blocks("BLPOP", "k1", "k2", "k3", 0)
    b.blocks("BLPOP", "k3", "k2", 0)
    pusher.each("RPUSH k2 1", "RPUSH k3 2")
    answers(a, b)


@scenario()
def the_same_key_twice(stage):
    a, pusher = stage.clients("ap")
    a.blocks("BLPOP", "k", "k", "other", "k", 0)
    pusher("RPUSH", "k", 1, 2)
    a.answer()
    a("BLPOP", "k", "k", 0)


@scenario()
def nothing_to_wait_for(stage):
    a, b = stage.clients("ab")
    b.each("RPUSH l 1 2 3 4 5 6", "ZADD z 1 a 2 b 3 c 4 d")
    a.each("BLPOP none l 0", "BRPOP l 0", "BLMPOP 0 2 none l LEFT COUNT 2", "BLMOVE l m LEFT LEFT 0")
    a.each("BRPOPLPUSH l m 0", "BZPOPMIN none z 0", "BZPOPMAX z 0", "BZMPOP 0 1 z MIN COUNT 9")
    a.each("LRANGE m 0 -1", "EXISTS l z")


@scenario()
def arguments(stage):
    a = stage.client()
    a.each("BLPOP", "BLPOP l", "BLPOP l x", "BLPOP l -1", "BLPOP l 1e300", "BLPOP l nan")
    a.each("BLPOP l 9999999999999999", "BLPOP l inf", "BRPOP l -0.1", "BLMOVE a b LEFT UP 0")
    a.each("BLMOVE a b UP LEFT 0", "BLMOVE a b LEFT LEFT x", "BLMOVE a b LEFT LEFT -1")
    a.each("BRPOPLPUSH a b x", "BRPOPLPUSH a b -1", "BLMPOP 0 0 l LEFT", "BLMPOP 0 x l LEFT")
    a.each("BLMPOP 0 2 l LEFT", "BLMPOP 0 1 l UP", "BLMPOP 0 1 l LEFT COUNT 0", "BLMPOP x 1 l LEFT")
    a.each("BLMPOP 0 1 l LEFT COUNT x", "BLMPOP 0 1 l LEFT NOSUCH 1", "BLMPOP -1 1 l LEFT")
    a.each("BLMPOP 0 1 l LEFT COUNT 1 COUNT 2", "BZPOPMIN z x", "BZPOPMIN z -1", "BZMPOP 0 0 z MIN")
    a.each("BZMPOP 0 1 z LEFT", "BZMPOP 0 1 z MIN COUNT -1", "BZMPOP 0 2 z MIN", "BZMPOP x 1 z MIN")


@scenario()
def timeouts(stage):
    a = stage.client()
    for command in (
        "BLPOP a b 0.02",
        "BRPOP a 0.02",
        "BLMOVE a b LEFT RIGHT 0.02",
        "BRPOPLPUSH a b 0.02",
        "BLMPOP 0.02 2 a b LEFT",
        "BZPOPMIN a 0.02",
        "BZPOPMAX a b 0.02",
        "BZMPOP 0.02 1 a MIN",
    ):
        a(*command.split())
    a("PING")


@scenario()
def wrong_types(stage):
    a, b, pusher = stage.clients("abp")
    pusher.each("SET str x", "ZADD z 1 m", "RPUSH l 1")
    # What is there already is judged at once, key by key.
    a.each("BLPOP str 0", "BLPOP none str l 0", "BLPOP l str 0", "RPUSH l 1", "BZPOPMIN l 0")
    a.each("BLMPOP 0 1 z LEFT", "BLMOVE l str LEFT LEFT 0", "BRPOPLPUSH str l 0", "BZMPOP 0 2 none str MIN")
    # What comes while it waits and has another type does not wake it.
    a.blocks("BLPOP", "k", 0)
    pusher.each("SET k x", "DEL k", "ZADD k 1 m", "DEL k", "SADD k m", "GET k", "DEL k", "RPUSH k 1")
    a.answer()
    # A destination of another type is found out when it is served.
    a.blocks("BLMOVE", "from", "str", "LEFT", "LEFT", 0)
    b.blocks("BLPOP", "from", 0)
    pusher("RPUSH", "from", 1)
    answers(a, b)
    pusher("EXISTS", "from")


@scenario()
def gone_before_it_is_served(stage):
    """A key that is there and gone within one transaction or script serves nobody."""
    a, pusher = stage.clients("ap")
    a.blocks("BLPOP", "l", 0)
    pusher.each("MULTI", "RPUSH l 1", "LPOP l", "EXEC")
    pusher.each("MULTI", "RPUSH l 1", "DEL l", "EXEC")
    pusher.each("MULTI", "RPUSH l 1", "DEL l", "SET l str", "EXEC", "DEL l")
    pusher.each("MULTI", "RPUSH l 1", "DEL l", "RPUSH l 2 3", "LPOP l", "EXEC")
    a.answer()
    a.blocks("BLPOP", "l", 0)
    pusher.each("MULTI", "RPUSH l 1", "EXPIREAT l 1", "EXEC")
    pusher.each("MULTI", "RPUSH l 1", "RENAME l other", "EXEC", "MULTI", "RENAME other l", "EXEC")
    a.answer()


@scenario(needs=("scripts",))
def pushed_by_scripts(stage):
    a, b, pusher = stage.clients("abp")
    a.blocks("BLPOP", "l", 0)
    pusher("EVAL", "redis.call('rpush','l',1) return redis.call('lpop','l')", 0)
    pusher("EVAL", "redis.call('rpush','l',1) redis.call('del','l') return redis.call('dbsize')", 0)
    pusher("EVAL", "redis.call('rpush','l',1,2) error('after the push')", 0)
    a.answer()
    a("BLPOP", "l", 0)
    a.blocks("BLPOP", "x", 0)
    b.blocks("BLPOP", "y", "x", 0)
    pusher("EVAL", "redis.call('rpush','x','1') redis.call('rpush','y','2') return 1", 0)
    answers(a, b)
    for command in ("'blpop','none',0", "'blmove','none','to','left','left',0", "'bzpopmin','n',0"):
        pusher("EVAL", "return redis.call(%s)" % command, 0)
    pusher.each("RPUSH l 1")
    pusher("EVAL", "return redis.call('blpop','l',0)", 0)


# Everything that can make a list or a sorted set out of nothing; src holds "1 2 3".
LIST_MAKERS = (
    "RPUSH k 1",
    "LPUSH k 1 2",
    "RPUSHX k 1",
    "LMOVE src k LEFT RIGHT",
    "RPOPLPUSH src k",
    "RENAME src k",
    "RENAMENX src k",
    "COPY src k",
    "COPY src k DB 1",
    "SORT src STORE k",
    "SWAPDB 0 1",
    "LINSERT k BEFORE 1 2",
    "BLMOVE src k RIGHT LEFT 0",
    "MOVE src 1",
)
ZSET_MAKERS = (
    "ZADD k 1 m",
    "ZADD k NX 1 m 2 n",
    "ZADD k XX 1 m",
    "ZADD k INCR 5 m",
    "ZINCRBY k 2 m",
    "ZRANGESTORE k zsrc 0 -1",
    "ZUNIONSTORE k 1 zsrc",
    "ZINTERSTORE k 2 zsrc zsrc",
    "ZDIFFSTORE k 1 zsrc",
    "RENAME zsrc k",
    "COPY zsrc k",
)


@scenario()
def made_in_every_way(stage):
    """One waits for a list and one for a sorted set of the same name."""
    for maker in LIST_MAKERS + ZSET_MAKERS:
        a, b, pusher = stage.clients("abp")
        pusher.each("FLUSHALL", "RPUSH src 1 2 3", "ZADD zsrc 1 m 2 n", "SELECT 1", "RPUSH k in1")
        pusher("SELECT", 0)
        a.blocks("BLPOP", "k", 0)
        b.blocks("BZPOPMAX", "k", 0)
        pusher(*maker.split())
        # Whoever was not served gets this.
        pusher.each("TYPE k", "DEL k", "RPUSH k last", "DEL k", "ZADD k 9 last", "DEL k")
        answers(a, b)


@scenario()
def restored(stage):
    a, pusher = stage.clients("ap")
    pusher.each("RPUSH src 1 2", "ZADD zsrc 1 m")
    for source, pop in (("src", "BLPOP"), ("zsrc", "BZPOPMIN")):
        dump = pusher.quiet("DUMP", source)
        a.blocks(pop, "k", 0)
        pusher("RESTORE", "k", 0, dump)
        a.answer()
        pusher("DEL", "k")


@scenario()
def chains(stage):
    """What one blocked client moves on serves the next, within the same command."""
    a, b, c, pusher = stage.clients("abcp")
    a.blocks("BLMOVE", "l1", "l2", "LEFT", "RIGHT", 0)
    b.blocks("BLMOVE", "l2", "l3", "RIGHT", "LEFT", 0)
    c.blocks("BLPOP", "l3", 0)
    pusher("RPUSH", "l1", "x")
    answers(a, b, c)
    pusher("EXISTS", "l1", "l2", "l3")
    # The other way round: the end of the chain waits first.
    c.blocks("BRPOP", "l3", 0)
    b.blocks("BRPOPLPUSH", "l2", "l3", 0)
    a.blocks("BRPOPLPUSH", "l1", "l2", 0)
    pusher.each("MULTI", "RPUSH l1 y z", "EXEC")
    answers(a, b, c)
    pusher("LRANGE", "l1", 0, -1)


@scenario()
def circles(stage):
    a, b, pusher = stage.clients("abp")
    a.blocks("BLMOVE", "l1", "l2", "LEFT", "RIGHT", 0)
    b.blocks("BLMOVE", "l2", "l1", "LEFT", "RIGHT", 0)
    pusher("RPUSH", "l1", "x")
    answers(a, b)
    pusher.each("LRANGE l1 0 -1", "LRANGE l2 0 -1", "DEL l1 l2")
    a.blocks("BLMOVE", "l", "l", "LEFT", "RIGHT", 0)
    b.blocks("BLMOVE", "l", "l", "RIGHT", "LEFT", 0)
    pusher("RPUSH", "l", 1, 2, 3)
    answers(a, b)
    pusher("LRANGE", "l", 0, -1)


@scenario()
def counts(stage):
    a, b, c, pusher = stage.clients("abcp")
    a.blocks("BLMPOP", 0, 2, "x", "y", "LEFT", "COUNT", 2)
    b.blocks("BLMPOP", 0, 2, "y", "x", "RIGHT", "COUNT", 10)
    c.blocks("BLMPOP", 0, 1, "y", "LEFT")
    pusher("RPUSH", "y", 1, 2, 3, 4)
    answers(a, b)
    pusher("RPUSH", "y", 5, 6)
    c.answer()
    a.blocks("BZMPOP", 0, 2, "z", "w", "MIN", "COUNT", 2)
    b.blocks("BZMPOP", 0, 1, "w", "MAX", "COUNT", 5)
    c.blocks("BZPOPMAX", "w", "z", 0)
    pusher("ZADD", "w", 1, "a", 2, "b", 3, "c")
    answers(a, b)
    pusher("ZADD", "w", "5.5", "d", "inf", "e")
    c.answer()


@scenario()
def unblocked_by_hand(stage):
    a, b, c, pusher = stage.clients("abcp")
    for how in ((), ("TIMEOUT",), ("ERROR",), ("NOSUCH",)):
        for command in ("BLPOP l 0", "BLMOVE l m LEFT LEFT 0", "BZPOPMIN z 0", "BLMPOP 0 1 l LEFT"):
            a.blocks(*command.split())
            id_of_a = pusher.quiet("CLIENT", "UNBLOCK", a.id, *how)
            pusher("ECHO", repr(id_of_a))
            if how == ("NOSUCH",):
                pusher("RPUSH", "l", 1)
                pusher("ZADD", "z", 1, "m")
            a.answer()
            pusher("DEL", "l", "m", "z")
    pusher("ECHO", repr(pusher.quiet("CLIENT", "UNBLOCK", a.id)))
    pusher.each("CLIENT UNBLOCK 999999", "CLIENT UNBLOCK x", "CLIENT UNBLOCK")
    # The next in line moves up.
    for client in (a, b, c):
        client.blocks("BLPOP", "l", 0)
    pusher.quiet("CLIENT", "UNBLOCK", b.id, "ERROR")
    b.answer()
    pusher("RPUSH", "l", 1, 2, 3)
    answers(a, c)


@scenario()
def leaves_while_it_waits(stage):
    a, b, c, pusher = stage.clients("abcp")
    for client in (a, b, c):
        client.blocks("BLPOP", "l", "m", 0)
    a.leave()
    stage.wait_blocked(2)
    pusher("RPUSH", "l", 1)
    b.answer()
    pusher("RPUSH", "m", 2)
    c.answer()
    pusher("RPUSH", "l", 3)


@scenario()
def killed_while_it_waits(stage):
    a, b, pusher = stage.clients("abp")
    a.blocks("BLPOP", "l", 0)
    b.blocks("BLPOP", "l", 0)
    pusher.quiet("CLIENT", "KILL", "ID", a.id)
    stage.wait_blocked(1)
    a.answer()
    a.gone = True
    pusher("RPUSH", "l", 1)
    b.answer()


@scenario()
def commands_behind_a_blocked_one(stage):
    """What a client sends while it waits is done afterwards, in order."""
    a, pusher = stage.clients("ap")
    a.blocks("BLPOP", "l", 0)
    for command in (("RPUSH", "seen", 1), ("BLPOP", "l", 0), ("LLEN", "l"), ("ECHO", "end")):
        a.send(*command)
    pusher("EXISTS", "seen")
    pusher("RPUSH", "l", 1)
    a.answer()
    a.answer()
    pusher.each("RPUSH l 2 3")
    answers(a, a, a)


@scenario()
def databases(stage):
    a, b, pusher = stage.clients("abp")
    a("SELECT", 1)
    a.blocks("BLPOP", "l", 0)
    b.blocks("BLPOP", "l", 0)
    pusher.each("RPUSH l zero", "SELECT 1", "RPUSH l one")
    answers(b, a)
    b.blocks("BLPOP", "l", 0)
    pusher.each("SELECT 1", "RPUSH l moved", "MOVE l 0")
    b.answer()
    b.blocks("BLPOP", "l", 0)
    pusher.each("RPUSH l swapped", "SWAPDB 0 1")
    b.answer()


@scenario()
def key_removed_while_waiting(stage):
    a, pusher = stage.clients("ap")
    a.blocks("BLPOP", "l", 0)
    pusher.each("DEL l", "FLUSHALL", "SET l x", "EXPIREAT l 1", "FLUSHDB", "SWAPDB 0 1", "RPUSH l 1")
    a.answer()


@scenario()
def transaction_serves_after_exec(stage):
    a, b, pusher = stage.clients("abp")
    a.blocks("BLPOP", "l", 0)
    b.blocks("BLPOP", "l", 0)
    pusher.each("MULTI", "RPUSH l 1", "LLEN l", "RPUSH l 2", "LLEN l", "LPUSH l 0", "EXEC")
    answers(a, b)
    pusher("LRANGE", "l", 0, -1)
    # Two keys of one transaction, two waiting clients.
    a.blocks("BLPOP", "y", 0)
    b.blocks("BLPOP", "x", 0)
    pusher.each("MULTI", "RPUSH x forb", "RPUSH y fora", "EXEC")
    answers(a, b)


@scenario()
def lists_and_sorted_sets_of_one_name(stage):
    a, b, c, pusher = stage.clients("abcp")
    a.blocks("BZPOPMIN", "k", 0)
    b.blocks("BLPOP", "k", 0)
    c.blocks("BZPOPMIN", "k", 0)
    pusher.each("RPUSH k 1", "ZADD k 1 m 2 n")
    answers(b, a, c)


@scenario(seeds=8, needs=("order",))
def generated(stage):
    play_generated(stage, "")


@scenario(seeds=8)
def generated_in_one_slot(stage):
    play_generated(stage, "{slot}")


def play_generated(stage, tag):
    """Clients of every kind wait for a few keys; pushes of every kind come; then all are told."""
    random = stage.random
    waiting = stage.clients("abcde")
    pusher = stage.client("p")
    lists = [tag + key for key in ("l1", "l2", "l3")]
    sorted_sets = [tag + key for key in ("z1", "z2")]
    for _ in range(5):
        for client in waiting:
            if client.pending:
                continue
            keys = random.sample(lists, random.randrange(1, 3))
            zkeys = random.sample(sorted_sets, random.randrange(1, 3))
            command = random.choice(
                (
                    ["BLPOP"] + keys + [0],
                    ["BRPOP"] + keys + [0],
                    ["BLMOVE", keys[0], random.choice(lists), "LEFT", "RIGHT", 0],
                    ["BRPOPLPUSH", keys[0], random.choice(lists), 0],
                    ["BLMPOP", 0, len(keys)] + keys + ["LEFT", "COUNT", random.randrange(1, 4)],
                    ["BZPOPMIN"] + zkeys + [0],
                    ["BZMPOP", 0, len(zkeys)] + zkeys + ["MAX", "COUNT", 2],
                )
            )
            client.blocks(*command)
        for _ in range(random.randrange(1, 4)):
            key, zkey = random.choice(lists), random.choice(sorted_sets)
            push = random.choice(
                (
                    "RPUSH %s 1" % key,
                    "RPUSH %s 1 2 3" % key,
                    "LPUSH %s a b" % key,
                    "ZADD %s 1 m" % zkey,
                    "ZADD %s 1 m 2 n 3 o" % zkey,
                    "RENAME %s %s" % (key, random.choice(lists)),
                    "LMOVE %s %s LEFT LEFT" % (key, random.choice(lists)),
                    "DEL %s %s" % (key, zkey),
                )
            )
            if random.randrange(3) == 0:
                other = "RPUSH %s x y" % random.choice(lists)
                pusher.each("MULTI", push, other, "EXEC")
            else:
                pusher(*push.split())
        # Who was served is known by now; the others go without, in a fixed order.
        for client in waiting:
            pusher.quiet("CLIENT", "UNBLOCK", client.id, "TIMEOUT")
            client.answer()
        pusher.each(*["LRANGE %s 0 -1" % key for key in lists])
        pusher.each(*["ZRANGE %s 0 -1" % key for key in sorted_sets])
        pusher("FLUSHALL")
