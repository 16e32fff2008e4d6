"""Scripts: what becomes of every kind of value on its way between Lua and RESP, and
the text of every error.
"""

import hashlib

from stage import Scenes

SCENES = Scenes("scripts", needs=("scripts",))
scenario = SCENES.scenario


def ask(client, *scripts):
    for script in scripts:
        client("EVAL", script, 0)


@scenario()
def values_out(stage):
    ask(
        stage.client(),
        "return nil",
        "return",
        "",
        "return true",
        "return false",
        "return 0",
        "return 3",
        "return -3",
        "return 3.99",
        "return -3.99",
        "return 2^31",
        "return 2^53",
        "return 2^62",
        "return -2^63",
        "return 1e15",
        "return 'text'",
        "return ''",
        "return 'a\\0b\\r\\nc'",
        "return ('x'):rep(100000)",
        "return {}",
        "return {1,2,3}",
        "return {1,'two',3.7,true,false,'six'}",
        "return {1,nil,3}",
        "return {nil,2}",
        "return {1,{2,{3,{4,{}}}}}",
        "return {a=1}",
        "return {1,2,a=3}",
        "return {[0]='zero',[1]='one'}",
        "return {[1.5]=1}",
        "return {[2]='two'}",
        "return function() end",
        "return redis.call",
        "return coroutine.create(function() end)",
        "return cjson.null",
        "return {1,redis.call,3}",
        "return {coroutine.create(function() end)}",
        "return 1,2,3",
        "return setmetatable({}, {__index=function(t,k) return k < 4 and k or nil end})",
        "return setmetatable({1}, {__index=function() error('never') end})",
    )


@scenario()
def deep_tables(stage):
    a = stage.client()
    for depth in (1, 7, 100, 900):
        a("EVAL", "local t={'end'} for i=1,tonumber(ARGV[1]) do t={t} end return t", 0, depth)


@scenario()
def special_tables(stage):
    ask(
        stage.client(),
        "return {ok='fine'}",
        "return {ok='two words'}",
        "return {ok='with\\r\\nlines'}",
        "return {ok=''}",
        "return {ok=5}",
        "return {ok={}}",
        "return {ok='a',err='b'}",
        "return {err='MY error'}",
        "return {err='noprefix'}",
        "return {err='-MINUS error'}",
        "return {err='with\\r\\nlines here'}",
        "return {err=''}",
        "return {err=5}",
        "return {err={}}",
        "return {err='ERR x',extra=1}",
        "return {err='A b', ignore_error_stats_update=true}",
        "return {double=3.5}",
        "return {double='3.5'}",
        "return {double=1/0}",
        "return {double=-1/0}",
        "return {double=1e300}",
        "return {double=0.1}",
        "return {double=3}",
        "return {big_number='123456789012345678901234567890'}",
        "return {big_number='12\\r\\n34'}",
        "return {big_number=12}",
        "return {map={a=1}}",
        "return {map={[1]='x'}}",
        "return {map={}}",
        "return {map=3}",
        "return {set={a=true}}",
        "return {set={[3]=true}}",
        "return {set={}}",
        "return {verbatim_string={format='txt',string='hello'}}",
        "return {verbatim_string={format='markdown',string='hello'}}",
        "return {verbatim_string={format='mkd',string=''}}",
        "return {verbatim_string={string='hello'}}",
        "return {verbatim_string='x'}",
        "return {{ok='in'},{err='IN too'},{double=2.5},{map={k={1,2}}},{set={x=true}}}",
        "return redis.status_reply('GOOD')",
        "return redis.status_reply('')",
        "return redis.status_reply()",
        "return redis.status_reply(5)",
        "return redis.status_reply('a','b')",
        "return redis.error_reply('MY error')",
        "return redis.error_reply('one')",
        "return redis.error_reply('-DASH text')",
        "return redis.error_reply('')",
        "return redis.error_reply()",
        "return redis.error_reply({})",
        "return redis.error_reply(5)",
    )


SETUP = (
    "redis.call('set','str','v') redis.call('set','num',10) redis.call('rpush','l','a','b') "
    "redis.call('hset','h','f','v') redis.call('sadd','s','m') redis.call('zadd','z',1.5,'m')"
)
READS = (
    "'get','str'",
    "'get','missing'",
    "'set','str','w'",
    "'set','str','w','nx'",
    "'incr','num'",
    "'strlen','str'",
    "'lrange','l',0,-1",
    "'lpop','missing'",
    "'lpop','missing',2",
    "'hgetall','h'",
    "'hgetall','missing'",
    "'hmget','h','f','x'",
    "'smembers','s'",
    "'sismember','s','m'",
    "'zscore','z','m'",
    "'zscore','z','x'",
    "'zrange','z',0,-1,'withscores'",
    "'zmscore','z','m','x'",
    "'zincrby','z',0.25,'m'",
    "'zpopmin','z'",
    "'incrbyfloat','num','0.5'",
    "'hrandfield','h',1,'withvalues'",
    "'ping'",
    "'echo','x'",
    "'type','l'",
    "'exists','str','num','x'",
    "'mget','str','x','num'",
    "'config','get','maxmemory-policy'",
    "'object','encoding','num'",
    "'ttl','str'",
)
SHOW = (
    "local function show(v) if type(v) ~= 'table' then return type(v) .. ':' .. tostring(v) end "
    "local o = {} for k, x in pairs(v) do o[#o+1] = tostring(k) .. '=' .. show(x) end "
    "table.sort(o) return '{' .. table.concat(o, ' ') .. '}' end "
)


@scenario(needs=("pubsub",), resps=(2,))
def publish_and_subscribe(stage):
    a = stage.client()
    a("EVAL", "return redis.call('subscribe','c')", 0)
    a("EVAL_RO", "return redis.call('publish','c','m')", 0)


@scenario(needs=("monitor",), resps=(2,))
def monitor(stage):
    a = stage.client()
    a("EVAL", "return redis.call('monitor')", 0)


@scenario(needs=("hll",), resps=(2,))
def pfcount(stage):
    a = stage.client()
    a("EVAL_RO", "return redis.call('pfcount','hll')", 0)


@scenario(needs=("order",))
def scan(stage):
    """With several shards a cursor may come to its end later."""
    a = stage.client()
    a("SET", "str", "text")
    a("EVAL", "return redis.call('scan','0','count','1000','match','str')", 0)


@scenario()
def values_in_and_through(stage):
    """What redis.call gives to Lua, in both protocols, and what of it comes out again."""
    a = stage.client()
    for resp in (2, 3):
        for read in READS:
            a("FLUSHALL")
            ask(a, SETUP)
            ask(a, "redis.setresp(%d) %sreturn show(redis.call(%s))" % (resp, SHOW, read))
            ask(a, "redis.setresp(%d) return redis.call(%s)" % (resp, read))


@scenario()
def debug_protocol_values(stage):
    ask(
        stage.client(),
        "return redis.setresp(1)",
        "return redis.setresp(4)",
        "return redis.setresp('x')",
        "return redis.setresp()",
        "return redis.setresp(2,3)",
        "redis.setresp(3) return true",
        "redis.setresp(3) return false",
        "redis.setresp(3) return {true,false}",
        "redis.setresp(3) return 3.5",
        "redis.setresp(3) return nil",
        "redis.setresp(3) return {double=2.5}",
        "redis.setresp(3) return {nil,2}",
        "return {true,false}",
    )


@scenario()
def arguments(stage):
    a = stage.client()
    a("EVAL", "return {KEYS[1],KEYS[2],ARGV[1],#KEYS,#ARGV}", 2, "a", "b", "c", "d")
    a("EVAL", "return {KEYS,ARGV}", 1, "k", "", "\r\n", b"\x00\xff")
    a("EVAL", "return redis.call('set',KEYS[1],ARGV[1])", 1, "k", 12)
    for value in ("1", "1.5", "-0", "1e300", "2^53", "12345678901234", "1/3", "0.1", "100", "1e15"):
        a("EVAL", "redis.call('set','n',%s) return redis.call('get','n')" % value, 0)
    for value in ("{}", "nil", "true", "false", "redis", "print", "cjson.null"):
        a("EVAL", "return redis.call('set','n',%s)" % value, 0)
        a("EVAL", "return redis.pcall('get',%s)" % value, 0)
    for numkeys in ("-1", "x", "", "2", "1.5", "99999999999999999999", " 1", "01", "+1"):
        a("EVAL", "return #KEYS", numkeys, "a")
        a("EVALSHA", "0" * 40, numkeys, "a")
        a("FCALL", "f", numkeys, "a")
    a.each("EVAL", "EVAL x", "EVALSHA", "EVALSHA x", "FCALL", "FCALL f", "EVAL_RO x", "SCRIPT")


# Not among them: error({}) and the like, tables without "err", which end a redis-server.
ERRORS = (
    "return redis.call('nosuch')",
    "return redis.call('nosuch','with','arguments')",
    "return redis.call()",
    "return redis.pcall()",
    "return redis.call('get')",
    "return redis.call('get','a','b')",
    "return redis.call('config')",
    "return redis.call('config','nosuch')",
    "return redis.call('object','nosuch','k')",
    "return redis.call('incr','str')",
    "return redis.call('lpush','str','x')",
    "return redis.call('set','k','v','ex','0')",
    "return redis.pcall('incr','str')",
    "return redis.pcall('lpush','str','x')",
    "return redis.pcall('nosuch')",
    "return redis.pcall('get')",
    "local e = redis.pcall('incr','str') return e.err",
    "local e = redis.pcall('incr','str') return {e.err,e.source,e.line}",
    "local e = redis.pcall('nosuch') return e.err",
    "local ok, e = pcall(redis.call,'incr','str') return {tostring(ok),type(e),e.err}",
    "local ok, e = pcall(redis.call,'nosuch') return {tostring(ok),type(e),e.err}",
    "local ok, e = pcall(error,'plain') return {tostring(ok),e}",
    "local ok, e = pcall(error,{err='My table'}) return e.err",
    "error('plain')",
    "error('plain', 0)",
    "error('plain', 2)",
    "error({err='MY table'})",
    "error({err='My table', source='there', line='9'})",
    "error()",
    "error(nil)",
    "error(5)",
    "error('with\\r\\nlines')",
    "error('')",
    "local e = redis.pcall('incr','str') error(e)",
    "assert(false)",
    "assert(nil,'why')",
    "assert(false,{err='TABLE e'})",
    "\n\nerror('third line')",
    "\nredis.call('incr','str')",
    "\n\nreturn redis.call('nosuch')",
    "local function f()\n  redis.call('incr','str')\nend\nf()",
    "local t = nil\nreturn t.field",
    "return nil + 1",
    "return 'a' + 1",
    "return {} .. 'x'",
    "return 1 < 'x'",
    "return #5",
    "local f = 5 f()",
    "return (nil)()",
    "return undefined_name",
    "return undefined.field",
    "undefined_function()",
    "new_global = 1",
    "function new_function() end",
    "redis = nil",
    "redis.call = nil",
    "redis.mine = 1",
    "string.mine = 1",
    "math.pi = 3",
    "KEYS = {}",
    "KEYS[1] = 'x' return KEYS[1]",
    "ARGV[1] = 'x' return ARGV[1]",
    "_G.x = 1",
    "rawset(_G,'x',1)",
    "rawset(redis,'x',1)",
    "setmetatable(_G,{})",
    "getmetatable(_G).__index = nil",
    "return type(getmetatable('')) .. tostring(getmetatable('').__index == string)",
    "getmetatable('').__index = nil",
    "return tostring(print)",
    "return os.time()",
    "return type(os.clock())",
    "return tostring(os.exit)",
    "return tostring(io)",
    "return tostring(require)",
    "return tostring(dofile)",
    "return tostring(loadfile)",
    "return tostring(package)",
    "return tostring(debug)",
    "return tostring(newproxy)",
    "return tostring(module)",
    "return type(load) .. type(loadstring) .. type(setfenv and 1) .. type(getfenv and 1)",
    "return loadstring('return 7')()",
    "return loadstring('syntax error here')",
    "return {loadstring('syntax error here')}",
    "return type(string.dump)",
    "return pcall(loadstring, string.dump(function() return 8 end))",
    "return math.random and 'random'",
    "return type(math.randomseed)",
    "return collectgarbage('count') > 0",
    "return type(collectgarbage('collect'))",
    "return redis.call('eval','return 1',0)",
    "return redis.call('multi')",
    "return redis.call('exec')",
    "return redis.call('watch','k')",
    "return redis.call('auth','x')",
    "return redis.call('hello','3')",
    "return redis.call('client','id')",
    "return redis.call('client','setname','x')",
    "return redis.call('script','flush')",
    "return redis.call('function','list')",
    "return redis.call('shutdown')",
    "return redis.call('reset')",
    "return redis.call('quit')",
    "return redis.call('save')",
    "return redis.call('debug','object','str')",
    "return redis.call('info','nosuch')",
    "return redis.call('select','1')",
    "return redis.call('select','99')",
    "return redis.call('select','x')",
    "return redis.call('wait','0','0')",
    "return redis.call('randomkey')",
    "return redis.pcall('multi')",
    "return redis.sha1hex('')",
    "return redis.sha1hex('x')",
    "return redis.sha1hex(5)",
    "return redis.sha1hex()",
    "return redis.sha1hex('a','b')",
    "return redis.sha1hex({})",
    "return redis.log(redis.LOG_DEBUG,'x')",
    "return redis.log('x')",
    "return redis.log(99,'x')",
    "return redis.log('x','y')",
    "return redis.log()",
    "return redis.LOG_WARNING .. redis.LOG_NOTICE .. redis.LOG_VERBOSE .. redis.LOG_DEBUG",
    "return redis.REPL_ALL .. redis.REPL_AOF .. redis.REPL_SLAVE .. redis.REPL_NONE",
    "return redis.REPL_REPLICA",
    "return redis.set_repl(redis.REPL_ALL)",
    "return redis.set_repl()",
    "return redis.set_repl(99)",
    "return redis.replicate_commands()",
    "return type(redis.breakpoint())",
    "return redis.debug('x')",
    "return redis.acl_check_cmd('get','k')",
    "return redis.acl_check_cmd('nosuch')",
    "return redis.acl_check_cmd()",
    "return redis.REDIS_VERSION_NUM and type(redis.REDIS_VERSION)",
    "return redis.register_function('f',function() end)",
    "return tostring(redis.nosuch)",
    "return _VERSION",
    "return tostring(KEYS == nil)",
    "syntax error",
    "return (",
    "return 'unended",
    "for",
    "return 1 1",
    "goto x",
    "return \x00",
    "local x = " + "(" * 300,
    "if",
    "#!lua\nreturn 1",
    "#!lua name=x\nreturn 1",
    "#!lua flags=\nreturn 1",
    "#!lua flags=no-writes\nreturn 1",
    "#!lua flags=no-writes\nreturn redis.call('set','k',1)",
    "#!lua flags=no-writes,allow-stale\nreturn redis.call('get','str')",
    "#!lua flags=allow-oom,no-cluster,allow-cross-slot-keys\nreturn redis.call('get','str')",
    "#!lua flags=nosuch\nreturn 1",
    "#!lua flags=no-writes,nosuch\nreturn 1",
    "#!lua flags= no-writes\nreturn 1",
    "#!lua other=1\nreturn 1",
    "#!lua name\nreturn 1",
    "#!lua flags=no-writes flags=no-writes\nreturn 1",
    "#!nosuch\nreturn 1",
    "#!\nreturn 1",
    "#!lua",
    "#!Lua\nreturn 1",
    "#! lua\nreturn 1",
    "#!lua\n\nerror('which line')",
    "#!lua\nreturn redis.call('nosuch')",
)


@scenario()
def errors(stage):
    a = stage.client()
    a("SET", "str", "text")
    for script in ERRORS:
        a("EVAL", script, 0)
        a("SELECT", 0)


@scenario(resps=(2,))
def errors_while_read_only(stage):
    a = stage.client()
    a("SET", "str", "text")
    for script in ERRORS[:30]:
        a("EVAL_RO", script, 0)
    for command in (
        "'set','k',1",
        "'get','str'",
        "'getex','str'",
        "'getex','str','persist'",
        "'expire','str','1'",
        "'sort','l'",
        "'sort','l','store','x'",
        "'sort_ro','l'",
        "'spop','s'",
        "'touch','str'",
        "'bitfield','str','get','u8','0'",
        "'bitfield_ro','str','get','u8','0'",
        "'flushall'",
        "'nosuch'",
        "'set'",
        "'config','set','x','y'",
    ):
        a("EVAL_RO", "return redis.call(%s)" % command, 0)
        a("EVAL_RO", "return redis.pcall(%s)" % command, 0)
        a("EVAL", "#!lua flags=no-writes\nreturn redis.call(%s)" % command, 0)
    a("GET", "str")


def sha(script):
    return hashlib.sha1(script.encode()).hexdigest()


@scenario()
def script_cache(stage):
    a, b = stage.clients("ab")
    one, two, bad = "return 'one'", "return redis.call('nosuch')", "return ("
    a("SCRIPT", "FLUSH")
    a("EVALSHA", sha(one), 0)
    a("EVALSHA_RO", sha(one), 0)
    a("SCRIPT", "EXISTS", sha(one), sha(two))
    a("EVAL", one, 0)
    b("EVALSHA", sha(one), 0)
    b("EVALSHA", sha(one).upper(), 0)
    a("SCRIPT", "EXISTS", sha(one), sha(two), sha(one).upper(), "x", "")
    a("SCRIPT", "LOAD", two)
    a("SCRIPT", "LOAD", bad)
    a("SCRIPT", "LOAD", "#!lua flags=nosuch\nreturn 1")
    a("EVAL", bad, 0)
    a("SCRIPT", "EXISTS", sha(one), sha(two), sha(bad))
    b("EVALSHA", sha(two), 0)
    b("EVALSHA", sha(bad), 0)
    a("EVALSHA", "short", 0)
    a("EVALSHA", "z" * 40, 0)
    a("SCRIPT", "FLUSH", "ASYNC")
    b("EVALSHA", sha(one), 0)
    a("SCRIPT", "FLUSH", "SYNC")
    a("SCRIPT", "FLUSH", "NOSUCH")
    a("SCRIPT", "FLUSH", "SYNC", "x")
    a.each("SCRIPT EXISTS", "SCRIPT LOAD", "SCRIPT NOSUCH", "SCRIPT KILL", "SCRIPT KILL x")
    a("SCRIPT", "DEBUG", "NOSUCH")  # not in a pipeline, which it refuses
    a.each("SCRIPT DEBUG", "FUNCTION KILL")
    # In a transaction.
    a.each("MULTI")
    a("SCRIPT", "LOAD", one)
    a("EVALSHA", sha(one), 0)
    a("EVALSHA", sha(bad), 0)
    a("EVAL", bad, 0)
    a("EXEC")


@scenario()
def effects(stage):
    """What a script did before its error stays; others see all of it or nothing."""
    a, b = stage.clients("ab")
    a("EVAL", "redis.call('set','a',1) redis.call('set','b',2) error('after')", 0)
    b("MGET", "a", "b")
    a("EVAL", "redis.call('set','a',3) redis.call('incr','str')", 0)
    a("EVAL", "redis.call('set','c',3) redis.call('lpush','c',1) redis.call('set','d',1)", 0)
    b("MGET", "a", "b", "c", "d", "str")
    a("EVAL", "redis.call('select',1) redis.call('set','x',1) return redis.call('dbsize')", 0)
    a("DBSIZE")
    b("GET", "x")
    a("EVAL", "redis.call('flushall') return redis.call('dbsize')", 0)
    a("EVAL", "redis.call('expire','none',1) redis.call('set','k',1,'px',1) return 1", 0)
    stage.wait_gone("k")
    a("EVAL", "for i=1,1000 do redis.call('rpush','l',i) end return redis.call('llen','l')", 0)
    a("EVAL", "for i=1,200 do redis.call('set','key:'..i,i) end return redis.call('dbsize')", 0)
    a("EVAL", "return redis.call('del',unpack(ARGV))", 0, *["key:%d" % i for i in range(1, 201)])
    a.each("EVAL return(redis.call('multi')) 0", "PING")


@scenario()
def in_transactions_and_watches(stage):
    a, b = stage.clients("ab")
    a("WATCH", "k")
    b("EVAL", "return redis.call('get','k')", 0)
    a.each("MULTI", "PING", "EXEC", "WATCH k")
    b("EVAL", "return redis.call('set','k','x')", 0)
    a.each("MULTI", "PING", "EXEC", "MULTI")
    a("EVAL", "redis.call('incr','n') return redis.call('incr','n')", 0)
    a("EVAL", "return redis.call('nosuch')", 0)
    a("EVAL", "redis.call('select',1) return 1", 0)
    a("SET", "where", "x")
    a("EVAL_RO", "return redis.call('set','k',1)", 0)
    a.each("EXEC", "GET where", "DBSIZE")


def any_value(random, depth):
    dice = random.randrange(12 if depth else 8)
    if dice == 0:
        return random.choice(("true", "false", "nil"))
    if dice < 3:
        return random.choice(("0", "-1", "7", "3.99", "2^40", "-2.5", "1e17", "0.1"))
    if dice < 6:
        return "'%s'" % random.choice(("", "x", "text", "12", "\\r\\n", "\\0", "\\255"))
    if dice == 6:
        return random.choice(("{ok='fine'}", "{err='MY err'}", "{double=1.5}", "{big_number='99'}"))
    if dice == 7:
        return "{%s={%s=%s}}" % (
            random.choice(("map", "set")),
            random.choice(("a", "['']", "[5]")),
            any_value(random, 0) if random.randrange(2) else "true",
        )
    return "{%s}" % ",".join(any_value(random, depth - 1) for _ in range(random.randrange(5)))


@scenario(seeds=4)
def generated_values(stage):
    a = stage.client()
    for _ in range(60):
        prefix = stage.random.choice(("", "", "redis.setresp(3) "))
        a("EVAL", "%sreturn %s" % (prefix, any_value(stage.random, 3)), 0)
