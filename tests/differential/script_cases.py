"""What scripts.py runs: lists of commands, each on an empty server. No reply may depend on time, chance
or the order of a hash table.
"""


def lua(code, *words):
    """One EVAL without keys."""
    return ["EVAL", code, 0, *words]


def on(code, *words):
    """EVAL with all the words as keys."""
    return ["EVAL", code, len(words), *words]


def each(*codes):
    return [[lua(code)] for code in codes]


SHOW = "local function show(v) if type(v) ~= 'table' then return type(v)..':'..tostring(v) end local r = {} for k, x in pairs(v) do r[#r+1] = tostring(k)..'='..show(x) end table.sort(r) return '{'..table.concat(r, ',')..'}' end "

ARGUMENTS = [
    [["EVAL", "return 1"], ["EVAL", "return 1", "x"], ["EVAL", "return 1", -1], ["EVAL", "return 1", 3, "a"], ["EVAL"]],
    [["EVALSHA", "abc", 0], ["EVALSHA", "f" * 40, 0], ["EVALSHA", "f" * 40, "x"], ["EVALSHA_RO", "f" * 40, 0]],
    [["EVAL", "return {KEYS[1], KEYS[2], ARGV[1], ARGV[2]}", 2, "k", "l", "a", "b"]],
    [["EVAL", "return #KEYS + #ARGV * 10", 2, "k", "l", "a"]],
    [["SCRIPT", "LOAD", "return 5"], ["EVALSHA", "4ca238f611c9d0ae4e9a75a5dbac22aedc379801", 0],
     ["SCRIPT", "EXISTS", "4ca238f611c9d0ae4e9a75a5dbac22aedc379801", "x", "4CA238F611C9D0AE4E9A75A5DBAC22AEDC379801"],
     ["SCRIPT", "FLUSH", "ASYNC"], ["SCRIPT", "FLUSH", "SYNC"], ["SCRIPT", "FLUSH", "x"], ["SCRIPT", "FLUSH", "SYNC", "x"],
     ["EVALSHA", "4ca238f611c9d0ae4e9a75a5dbac22aedc379801", 0]],
    [["EVAL", "return 5", 0], ["EVALSHA", "4ca238f611c9d0ae4e9a75a5dbac22aedc379801", 0],
     ["EVALSHA", "4CA238F611C9D0AE4E9A75A5DBAC22AEDC379801", 0]],
    [["SCRIPT", "LOAD", "retur"], ["EVAL", "retur", 0], ["SCRIPT", "LOAD", "#!lua flags=foo\nreturn 1"], ["SCRIPT"],
     ["SCRIPT", "x"], ["SCRIPT", "EXISTS"], ["SCRIPT", "LOAD"], ["SCRIPT", "KILL"], ["FUNCTION", "KILL"],
     ["SCRIPT", "DEBUG", "x"], ["SCRIPT", "DEBUG", "NO"]],
]

SHEBANG = each(
    "#!lua flags=foo\nreturn 1", "#!python\nreturn 1", "#!lua foo=1\nreturn 1", "#!lua", "#!lua name=x\nreturn 1",
    "#!lua flags=\nreturn 1", "#!lua flags=no-writes,allow-stale,no-cluster,allow-oom,allow-cross-slot-keys\nreturn 1",
    "#!lua flags=no-writes flags=allow-oom\nreturn 1", "#!lua\nreturn foo.x", "#!lua\n\nerror('x')", "#!lua \nreturn 1",
    "#! lua\nreturn 1", "#!\nreturn 1", "#!lua flags=no-writes\nreturn redis.call('set', 'a', 'b')",
) + [
    [["EVAL_RO", "#!lua\nreturn 1", 0], ["EVAL_RO", "#!lua flags=no-writes\nreturn 1", 0], ["EVAL_RO", "return 1", 0]],
    [["EVAL_RO", "return redis.call('set', KEYS[1], 'x')", 1, "a"], ["EVAL_RO", "return redis.call('get', KEYS[1])", 1, "a"],
     ["EVAL_RO", "return redis.pcall('del', KEYS[1])", 1, "a"]],
    [["SCRIPT", "LOAD", "return redis.call('incr', KEYS[1])"],
     ["EVALSHA_RO", "e70fcb64d53e2cf73c4d2d5f09e9e6e1e4b0d5f2", 1, "a"]],
]

RETURNED = each(
    "return 1", "return 3.99", "return -3.99", "return 1e300", "return 0/0", "return 'x'", "return ''", "return true", "return false",
    "return nil", "return", "return {}", "return {1, 2, nil, 4}", "return {1, {2, {'x'}}, true, false}",
    "return function() end", "return {err='My Err'}", "return {err='x'}", "return {err=''}", "return {ok='fine'}", "return {ok='a\\nb'}",
    "return {err='a\\r\\nb'}", "return {err=1}", "return {ok=1, 5}", "return {double=3.5}", "return {double=1/0}", "return {double='x'}",
    "return {double=-0.5}", "return {double=100}", "return {double=1e100}",
    "return {map={a=1}}", "return {map={}}", "return {map=1}", "return {set={a=true}}", "return {set={}}",
    "return {big_number='1234567890123456789012345678901234567890'}", "return {big_number=1}",
    "return {verbatim_string={format='txt', string='hello'}}", "return {verbatim_string={format='markdown', string='x'}}",
    "return {verbatim_string={format='txt'}}", "return {verbatim_string={string='txt'}}", "return {verbatim_string='x'}",
    "return {err='e', ok='o'}", "return {ok='o', double=1}", "return {map={a={set={b=true}}}}", "return {{ok='x'}, {err='y z'}}",
    "return setmetatable({}, {__index=function() return 1 end})", "return cjson.null", "return 9007199254740993",
    "redis.setresp(3) return true", "redis.setresp(3) return false", "redis.setresp(3) return nil", "redis.setresp(3) return {double=1.5}",
    "redis.setresp(3) return {map={a=1}}", "redis.setresp(3) return {set={a=1}}", "redis.setresp(3) return {1, true, false}",
    "return redis.error_reply('My')", "return redis.error_reply('My Err')", "return redis.error_reply('-My Err')",
    "return redis.error_reply('')", "return redis.error_reply('-')", "return redis.error_reply(' x')", "return redis.error_reply('a b\\r\\n')",
    "return redis.error_reply()", "return redis.error_reply(1)", "return redis.error_reply('a', 'b')", "return redis.error_reply({})",
    "return redis.status_reply('Hi')", "return redis.status_reply()", "return redis.status_reply(1)", "return redis.status_reply('')",
    "local t = {} t.map = {t} return #redis.sha1hex(tostring(1))",
)

DATA = [["SET", "s", "v"], ["SET", "n", "10"], ["RPUSH", "l", "a", "b"], ["HSET", "h", "f", "1"], ["SADD", "t", "m"],
        ["ZADD", "z", "1.5", "m"]]


def convert(code, *keys):
    """What Lua sees of a reply, in both protocols."""
    keys = [*keys]
    return [*DATA, ["EVAL", SHOW + "return show(%s)" % code, len(keys), *keys],
            ["EVAL", SHOW + "redis.setresp(3) return show(%s)" % code, len(keys), *keys],
            ["EVAL", "return %s" % code, len(keys), *keys],
            ["EVAL", "redis.setresp(3) return %s" % code, len(keys), *keys]]


CONVERTED = [
    convert("redis.call('get', KEYS[1])", "s"), convert("redis.call('get', KEYS[1])", "missing"),
    convert("redis.call('incr', KEYS[1])", "n"), convert("redis.call('lrange', KEYS[1], 0, -1)", "l"),
    convert("redis.call('hgetall', KEYS[1])", "h"), convert("redis.call('smembers', KEYS[1])", "t"),
    convert("redis.call('zscore', KEYS[1], 'm')", "z"), convert("redis.call('zscore', KEYS[1], 'x')", "z"),
    convert("redis.call('zrange', KEYS[1], 0, -1, 'withscores')", "z"), convert("redis.call('set', KEYS[1], 'x')", "s"),
    convert("redis.pcall('incr', KEYS[1])", "s"), convert("redis.call('ping')"), convert("redis.call('echo', 'x')"),
    convert("redis.call('lpop', KEYS[1], 5)", "missing"), convert("redis.call('zincrby', KEYS[1], 1, 'm')", "z"),
    convert("redis.call('hrandfield', KEYS[1], 1, 'withvalues')", "h"), convert("redis.call('mget', KEYS[1], KEYS[2])", "s", "missing"),
    convert("redis.call('sismember', KEYS[1], 'm')", "t"), convert("redis.call('zmscore', KEYS[1], 'm', 'n')", "z"),
    convert("redis.call('hincrbyfloat', KEYS[1], 'f', 0.5)", "h"), convert("redis.call('type', KEYS[1])", "z"),
    convert("redis.pcall('nosuch')"), convert("redis.pcall('get')"), convert("redis.pcall('multi')"), convert("redis.pcall()"),
    convert("redis.pcall({})"), convert("redis.call('exists', KEYS[1])", "z"),
]

CALLS = each(
    "return redis.call('foo')", "return redis.call()", "return redis.call({})", "return redis.call('get')", "return redis.call('multi')",
    "return redis.call('get', nil)", "return redis.call(true)", "return redis.call('config', 'foo')", "return redis.call('config', 'get', 'x')",
    "return redis.call('script', 'load', 'x')", "return redis.call('eval', 'x', 0)", "return redis.call('fcall', 'x', 0)",
    "return redis.call('watch', 'x')", "return redis.call('auth', 'x')",
    "return redis.call('echo', 1e17)", "return redis.call('echo', 2^53)", "return redis.call('echo', 1.5)", "return redis.call('echo', -3)",
    "return redis.call('echo', 0.1)", "return redis.call('echo', 1/0)", "return redis.call('echo', 12345678901234567890)",
    "return {pcall(redis.call, 'foo')}", "local ok, e = pcall(redis.call, 'foo') return {type(e), e}",
    "local ok, e = pcall(redis.call, 'foo') return e", "local e = redis.pcall('foo') return e", "local e = redis.pcall('foo') error(e)",
    "local e = redis.pcall('foo') return {err=e}", "return redis.call('PING')", "return redis.CALL('PING')",
    "return redis.acl_check_cmd('get', 'x')", "return redis.acl_check_cmd('foo', 'x')", "return redis.acl_check_cmd('get')",
    "return redis.acl_check_cmd()", "return redis.acl_check_cmd({})", "return redis.REDIS_VERSION", "return redis.REDIS_VERSION_NUM",
    "return redis.sha1hex('')", "return redis.sha1hex('abc')", "return redis.sha1hex(1)", "return redis.sha1hex()", "return redis.sha1hex(1, 2)",
    "return redis.sha1hex(string.rep('x', 1000))", "return redis.sha1hex(string.rep('x', 55))", "return redis.sha1hex(string.rep('x', 56))",
    "return redis.sha1hex(string.rep('x', 64))", "return redis.log(1)", "return redis.log('x', 'y')", "return redis.log(9, 'y')",
    "return redis.log(-1, 'y')", "return redis.log(redis.LOG_DEBUG, 'y', 'z', 1)", "return redis.setresp(4)", "return redis.setresp()",
    "return redis.setresp('3')", "return redis.set_repl(9)", "return redis.set_repl()", "return redis.set_repl(redis.REPL_ALL)",
    "return redis.replicate_commands()", "return redis.breakpoint()", "return redis.debug('x')", "return redis.register_function('x')",
    "return {redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING}",
    "return {redis.REPL_ALL, redis.REPL_AOF, redis.REPL_NONE, redis.REPL_REPLICA, redis.REPL_SLAVE}",
) + [
    [*DATA, on("return redis.call('lpush', KEYS[1], 'x')", "s")], [*DATA, on("return redis.pcall('lpush', KEYS[1], 'x')", "s")],
    [*DATA, on("redis.call('set', KEYS[1], 'x', 'foo')", "s")], [*DATA, on("redis.call('set', KEYS[1], 'x') error('y')", "s"), ["GET", "s"]],
    [*DATA, on("redis.call('set', KEYS[1], 'x') redis.call('foo')", "s"), ["GET", "s"]],
    [["SELECT", 3], on("redis.call('set', KEYS[1], 'x') redis.call('select', 5) redis.call('set', KEYS[1], 'y') return 1", "s"), ["GET", "s"],
     ["SELECT", 5], ["GET", "s"]],
    [on("return {redis.call('blmove', KEYS[1], KEYS[1], 'LEFT', 'LEFT', 0)}", "s")],
]

ERRORS = each(
    "error('boo')", "error('boo', 0)", "error('boo', 2)", "error({err='My Err'})", "error({err='My'})", "error()", "error(nil)", "error(5)",
    "error({err='a\\nb'})", "error('a\\nb')", "local f = function() error('deep') end\nf()", "local t = {} t.x.y = 1", "foo()", "return 1 + {}",
    "local x = 'a' + 1", "return #5", "return {} < {}", "string.rep()", "('x'):rep({})", "return ('x'):nosuch()", "tonumber()", "error('x' .. nil)",
    "return load('x')", "return select(0)", "return unpack({}, 1, 1e8)", "return xpcall(function() error('x') end, function(e) return 'H' .. e end)",
    "local a, b = xpcall(function() error('x') end, function(e) return 'H' .. e end) return b", "return pcall(error)",
    "return {pcall(error, {err='boo'})}", "return {pcall(error, {x='boo'})}", "return {pcall(error, 'boo')}", "return {pcall(function() error('x') end)}",
    "return {pcall(function() return 1, 2 end)}", "assert(false)", "assert(false, 'why')", "assert(nil, 'a b')", "return assert(5)",
    "coroutine.wrap(function() error('x') end)()", "return {coroutine.resume(coroutine.create(function() error('x') end))}",
    "return coroutine.wrap(function() coroutine.yield(redis.call('ping')) end)()", "local function f() return f() + 1 end return f()",
    "return coroutine.yield(1)", "goto = 1", "x = ", "return '", "for", "\n\nerror('line 3')", "--comment\nerror('two')",
)

SANDBOX = each(
    "x = 1", "return x", "_G.x = 1", "return _G.x", "redis.x = 1", "redis.call = 1", "string.x = 1", "string.rep = nil", "table.x = 1", "math.pi = 3",
    "cjson.x = 1", "cmsgpack.x = 1", "struct.x = 1", "bit.x = 1", "coroutine.x = 1", "_G._G = 1", "KEYS = 1", "ARGV = 1", "KEYS[1] = 'x' return KEYS[1]",
    "rawset(_G, 'x', 1)", "rawset(redis, 'x', 1)", "rawset(string, 'x', 1)", "setmetatable(_G, {})", "setmetatable(redis, nil)", "setmetatable(string, {})",
    "getmetatable('').__index = 1", "getmetatable('').__add = 1", "getmetatable(_G).__index = 1", "rawset(getmetatable(''), '__index', 1)",
    "setmetatable(getmetatable(''), {})", "table.insert(redis, 1)", "table.insert(_G, 1, 1)", "return #redis", "return #_G", "return rawget(_G, 'x')",
    "return type(rawget(_G, 'redis'))", "return type(rawget(redis, 'call'))", "return rawequal(_G, _G)", "return _G == _G._G", "return _G._G == _G",
    "return rawget(redis, 'nosuch')", "return redis.nosuch", "return string.nosuch", "return type(getmetatable(_G))", "return getmetatable(redis)",
    "return type(getmetatable(''))", "return type(getmetatable('').__index)", "return getmetatable('').__index == string", "return ('x'):upper()",
    "return type(next(redis))", "return next({})", "local n = 0 for k in pairs(string) do n = n + 1 end return n",
    "local n = 0 for k in pairs(redis) do n = n + 1 end return n", "local n = 0 for k in pairs(math) do n = n + 1 end return n",
    "local n = 0 for k in pairs(table) do n = n + 1 end return n", "local n = 0 for k in pairs(coroutine) do n = n + 1 end return n",
    "local f, t = pairs(string) t.x = 1", "local f, t = pairs(string) rawset(t, 'x', 1)", "table.foreach(string, function(k, v) if k == 'rep' then v.x = 1 end end)",
    "return os", "return io", "return debug", "return package", "return require", "return module", "return dofile", "return loadfile", "return print",
    "return newproxy", "return getfenv", "return setfenv", "return type(load)", "return type(loadstring)", "return type(collectgarbage)",
    "return loadstring('return 5')()", "return loadstring('x = 1')()", "return loadstring('return x')()", "return loadstring('return KEYS')() == KEYS",
    "return loadstring(string.dump(loadstring('return 5'))) == nil", "return load(function() return nil end)",
    "local parts = {'return ', '7'} local i = 0 return load(function() i = i + 1 return parts[i] end)()", "return {loadstring('retur')}",
    "return {load(function() return {} end)}", "return loadstring('return 1', 'name')()", "return {loadstring('x x', 'name')}", "return {loadstring('x x', '=name')}",
    "return tostring(redis)", "return tostring(_G)", "return tostring(print)", "return _VERSION", "local redis = {} redis.call = 1 return redis.call",
    "local t = setmetatable({}, {__index=redis}) return t.call('ping')", "local t = setmetatable({}, redis) return 1", "return collectgarbage('count') > 0",
    "return coroutine.wrap(function() x = 1 end)()", "return coroutine.wrap(function() return y end)()", "return coroutine.running()",
    "return math.random(0)", "return math.random(2, 1)", "return math.random(1, 2, 3)",
    "math.randomseed(5) return {math.random(1000000), math.random(1000000), tostring(math.random()), math.random(5, 5), math.random(-3, 3)}",
    "math.randomseed(-7) return {math.random(1000000), math.random(1000000)}", "math.randomseed(2^31) return math.random(1000000)",
    "return table.concat({1, 2, 3}, ',')", "local t = {3, 1, 2} table.sort(t) return t", "return {unpack({1, 2, 3})}", "return select('#', 1, 2)",
    "return string.format('%5.2f|%d|%s|%q', 3.14159, 42, 'x', 'a\\nb')", "return {('a,b'):match('(%a),(%a)')}", "return string.gsub('hello', 'l', 'L')",
    "return tostring(1e15)", "return tostring(1e16)", "return tostring(0.1)", "return 10 / 3", "return tostring(10 / 3)", "return 7 % -3", "return 2 ^ 10",
)

LIBRARY = """#!lua name=lib
redis.register_function('f', function(keys, args) return {keys, args} end)
redis.register_function{function_name='g', callback=function(k, a) return redis.call('set', k[1], a[1]) end, description='sets'}
redis.register_function{function_name='h', callback=function(k, a) return redis.call('set', k[1], a[1]) end, flags={'no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'}}
redis.register_function{function_name='k', callback=function(k, a) return foo end, flags={'no-writes'}}
redis.register_function{function_name='m', callback=function(k, a) foo = 1 end, flags={'no-writes'}}
redis.register_function{function_name='e', callback=function(k, a) error('x') end, flags={'no-writes'}}
redis.register_function{function_name='r', callback=function(k, a) redis.register_function('z', function() end) end, flags={'no-writes'}}
redis.register_function{function_name='keysglobal', callback=function(k, a) return KEYS end}
redis.register_function{function_name='names', callback=function(k, a) local t = {} for n, v in pairs(redis) do t[#t + 1] = n end table.sort(t) return t end}
redis.register_function{function_name='bad', callback=function(k, a) return redis.call('nosuch') end}
redis.register_function{function_name='resp3', callback=function(k, a) redis.setresp(3) return {true, {double=1.5}} end}
redis.register_function{function_name='nothing', callback=function() end}
"""


def library(code, name="a"):
    return [["FUNCTION", "LOAD", "#!lua name=%s\n%s" % (name, code)]]


F = "redis.register_function('f', function() return 1 end)"
FUNCTIONS = [
    [["FUNCTION", "LOAD", code]]
    for code in ("x", "#!lua\n" + F, "#!lua name=\n" + F, "#!lua name=a-b\n" + F, "#!js name=a\n" + F, "#!lua name=a foo=b\n" + F,
                 "#!lua name=a name=b\n" + F, "#!lua name=a flags=no-writes\n" + F, "#!lua name=a", "#!lua name=a\nreturn 1", "#!LUA name=a\n" + F,
                 "#!lua  name=a \n" + F, "#!lua name=a\n" + F + " " + F, "", "#!", "#!\n", "#!lua name=\xe4\n" + F)
] + [
    library(code) for code in (
        "error('boo')", "retur", "redis.call('get', 'x')", "redis.register_function('f')", "redis.register_function('f', 'x')",
        "redis.register_function(1, function() end)", "redis.register_function(true, function() end)", "redis.register_function({})",
        "redis.register_function({function_name='x'})", "redis.register_function({callback=function() end})",
        "redis.register_function({callback=function() end, function_name='x', foo=1})", "redis.register_function({callback=function() end, function_name='x', flags={'foo'}})",
        "redis.register_function({callback=function() end, function_name='x', flags='foo'})", "redis.register_function({callback=function() end, function_name='x-y'})",
        "redis.register_function('x-y', function() end)", "redis.register_function('', function() end)",
        "redis.register_function({callback=2, function_name='x'})", "redis.register_function({callback=function() end, function_name=2})",
        "redis.register_function({callback=function() end, function_name='x', description=2})", "redis.register_function({1})", "redis.register_function()",
        "redis.register_function(1, 2, 3)", "x = 1", "return y", "math.random()", "pairs({})", "local t = redis.nosuch", "redis.x = 1", "_G.x = 1",
        "redis.log(redis.LOG_DEBUG, 'x') " + F, "return redis.REDIS_VERSION", "redis.setresp(3)", "redis.sha1hex('x')", "redis.error_reply('x')",
        "redis.log()", "redis.log(1)", "string.x = 1", "return ('x'):upper()", "local function f() return g end " + F,
    )
] + [
    [["FUNCTION", "LOAD", LIBRARY], ["FCALL", "f", 1, "x", "y"], ["FCALL", "f", 0], ["FCALL", "g", 1, "x", "y"], ["GET", "x"], ["FCALL_RO", "g", 1, "x", "y"],
     ["FCALL", "h", 1, "x", "y"], ["FCALL_RO", "h", 1, "x", "y"], ["FCALL", "k", 0], ["FCALL_RO", "k", 0], ["FCALL", "m", 0], ["FCALL", "e", 0],
     ["FCALL", "r", 0], ["FCALL", "keysglobal", 0], ["FCALL", "names", 0], ["FCALL", "bad", 0], ["FCALL", "resp3", 0], ["FCALL", "nothing", 0],
     ["FCALL", "nope", 0], ["FCALL", "nope", "x"], ["FCALL", "F", 0], ["FCALL", "f", "x"], ["FCALL", "f", 2, "x"], ["FCALL", "f", -1], ["FCALL_RO", "f", 0],
     ["FCALL"], ["FCALL", "f"], ["FUNCTION", "STATS"]],
    [["FUNCTION", "LOAD", "#!lua name=a\n" + F], ["FUNCTION", "LIST"], ["FUNCTION", "LIST", "WITHCODE"], ["FUNCTION", "LIST", "LIBRARYNAME", "A*"],
     ["FUNCTION", "LIST", "LIBRARYNAME", "b*"], ["FUNCTION", "LIST", "LIBRARYNAME"], ["FUNCTION", "LIST", "LIBRARYNAME", "a", "LIBRARYNAME", "a"],
     ["FUNCTION", "LIST", "WITHCODE", "WITHCODE"], ["FUNCTION", "LIST", "foo"], ["FUNCTION", "STATS"]],
    [["FUNCTION", "LOAD", "#!lua name=a\n" + F], ["FUNCTION", "LOAD", "#!lua name=a\n" + F], ["FUNCTION", "LOAD", "REPLACE", "#!lua name=a\n" + F],
     ["FUNCTION", "LOAD", "REPLACE", "#!lua name=b\n" + F], ["FUNCTION", "LOAD", "foo", "#!lua name=b\n" + F], ["FUNCTION", "LOAD", "REPLACE"],
     ["FUNCTION", "LOAD"], ["FUNCTION", "LOAD", "REPLACE", "#!lua name=a\nretur"], ["FCALL", "f", 0], ["FUNCTION", "DELETE", "nope"],
     ["FUNCTION", "DELETE", "a"], ["FCALL", "f", 0], ["FUNCTION", "FLUSH", "x"], ["FUNCTION", "FLUSH", "ASYNC"], ["FUNCTION", "FLUSH", "SYNC", "x"],
     ["FUNCTION"], ["FUNCTION", "x"], ["FUNCTION", "DELETE"]],
    [["FUNCTION", "LOAD", "#!lua name=a\n" + F], ["FUNCTION", "DUMP"], ["FUNCTION", "RESTORE", "x"], ["FUNCTION", "RESTORE", "x", "foo"],
     ["FUNCTION", "RESTORE", "x", "APPEND", "y"], ["FUNCTION", "RESTORE", ""]],
    [["FUNCTION", "DUMP"], ["SCRIPT", "LOAD", "return 1"], ["EVAL", "return redis.call('fcall', 'f', 0)", 0]],
    [["FUNCTION", "LOAD", "#!lua name=a\nlocal function inner() return redis.call('nosuch') end\nredis.register_function('f', function()\n return inner()\nend)"],
     ["FCALL", "f", 0]],
    [["FUNCTION", "LOAD", "#!lua name=a\nredis.register_function('f', function() local t = {} for k in pairs(_G) do t[#t + 1] = k end table.sort(t) return #t > 20 end)"],
     ["FCALL", "f", 0]],
]

CASES = ARGUMENTS + SHEBANG + RETURNED + CONVERTED + CALLS + ERRORS + SANDBOX + FUNCTIONS
