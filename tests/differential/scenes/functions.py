"""Functions: their libraries, loaded, called, listed, dumped, and refused with a word why."""

from stage import Scenes

SCENES = Scenes("functions", needs=("scripts",))
scenario = SCENES.scenario


LIBRARY = """#!lua name=%s
local count = 0
redis.register_function('echo', function(keys, args) return {keys, args} end)
redis.register_function('count', function() count = count + 1 return count end)
redis.register_function{function_name='reader', callback=function(keys)
  return redis.call('get', keys[1]) end, flags={'no-writes'}, description='reads'}
redis.register_function('writer', function(keys, args)
  return redis.call('set', keys[1], args[1]) end)
redis.register_function('fails', function() error('inside') end)
redis.register_function('fails_call', function() return redis.call('nosuch') end)
redis.register_function('fails_table', function() error({err='MY table'}) end)
redis.register_function('global', function() leaked = 1 end)
redis.register_function('undefined', function() return nothing end)
"""


@scenario()
def functions(stage):
    a, b = stage.clients("ab")
    a("FUNCTION", "FLUSH")
    a("FUNCTION", "LOAD", LIBRARY % "lib")
    a("FUNCTION", "LOAD", LIBRARY % "lib")
    a("FUNCTION", "LOAD", "#!lua name=other\nredis.register_function('echo', function() end)")
    a("FUNCTION", "LOAD", "REPLACE", LIBRARY % "lib")
    a("FCALL", "echo", 1, "k", "x", "y")
    a.each("SET k v", "FCALL count 0", "FCALL count 0", "FCALL reader 1 k", "FCALL_RO reader 1 k")
    b.each("FCALL writer 1 k new", "FCALL_RO writer 1 k new", "FCALL_RO count 0")
    a.each("FCALL fails 0", "FCALL fails_call 0", "FCALL fails_table 0", "FCALL global 0")
    a.each("FCALL undefined 0", "FCALL nosuch 0", "FCALL_RO nosuch 0", "FCALL ECHO 0", "GET k")
    a.each("FCALL echo -1", "FCALL echo x", "FCALL echo 2 a", "FCALL echo", "FCALL")
    a("FUNCTION", "LOAD", "REPLACE", LIBRARY % "lib")
    a.each("FCALL count 0", "FUNCTION DELETE lib", "FUNCTION DELETE lib", "FCALL count 0")
    a("FUNCTION", "LIST")
    a("FUNCTION", "LOAD", "#!lua name=one\nredis.register_function('f', function() end)")
    for options in (
        "",
        "WITHCODE",
        "LIBRARYNAME one",
        "LIBRARYNAME o*",
        "LIBRARYNAME none",
        "LIBRARYNAME one WITHCODE",
        "NOSUCH",
        "LIBRARYNAME",
        "WITHCODE WITHCODE",
    ):
        a("FUNCTION", "LIST", *options.split())
    a.each("FCALL f 0", "FUNCTION STATS", "FUNCTION FLUSH SYNC", "FUNCTION FLUSH NOSUCH")
    a.each("FUNCTION LIST", "FUNCTION STATS", "FUNCTION NOSUCH", "FUNCTION", "FUNCTION DELETE")
    a.each("FUNCTION LOAD", "FUNCTION DUMP x", "FUNCTION RESTORE", "FUNCTION RESTORE junk")


BAD_LIBRARIES = (
    "",
    "return 1",
    "#!lua\nreturn 1",
    "#!lua name=\nredis.register_function('f', function() end)",
    "#!lua name=a-b\nredis.register_function('f', function() end)",
    "#!lua name=lib name=lib\nredis.register_function('f', function() end)",
    "#!lua name=lib other=x\nredis.register_function('f', function() end)",
    "#!lua name=lib flags=no-writes\nredis.register_function('f', function() end)",
    "#!nosuch name=lib\nredis.register_function('f', function() end)",
    "#!lua name=lib",
    "#!lua name=lib\n",
    "#!lua name=lib\nreturn 1",
    "#!lua name=lib\nsyntax error",
    "#!lua name=lib\nerror('while loading')",
    "#!lua name=lib\nerror({err='MY table'})",
    "#!lua name=lib\nreturn undefined",
    "#!lua name=lib\nglobal = 1",
    "#!lua name=lib\nfunction f() end",
    "#!lua name=lib\nredis.call('ping')",
    "#!lua name=lib\nredis.pcall('ping')",
    "#!lua name=lib\nredis.setresp(3)",
    "#!lua name=lib\nredis.log(redis.LOG_DEBUG,'x')",
    "#!lua name=lib\nreturn KEYS[1]",
    "#!lua name=lib\nredis.register_function()",
    "#!lua name=lib\nredis.register_function('f')",
    "#!lua name=lib\nredis.register_function('f', 5)",
    "#!lua name=lib\nredis.register_function(5, function() end)",
    "#!lua name=lib\nredis.register_function({}, function() end)",
    "#!lua name=lib\nredis.register_function('f', function() end, 'x')",
    "#!lua name=lib\nredis.register_function('a-b', function() end)",
    "#!lua name=lib\nredis.register_function('', function() end)",
    "#!lua name=lib\nredis.register_function{}",
    "#!lua name=lib\nredis.register_function{function_name='f'}",
    "#!lua name=lib\nredis.register_function{callback=function() end}",
    "#!lua name=lib\nredis.register_function{function_name='f', callback=5}",
    "#!lua name=lib\nredis.register_function{function_name='f', callback=function() end, x=1}",
    "#!lua name=lib\nredis.register_function{function_name='f', callback=function() end, flags=1}",
    "#!lua name=lib\nredis.register_function{function_name='f', callback=function() end, "
    "flags={'nosuch'}}",
    "#!lua name=lib\nredis.register_function{function_name='f', callback=function() end, "
    "flags={5}}",
    "#!lua name=lib\nredis.register_function{function_name='f', callback=function() end, "
    "description=5}",
    "#!lua name=lib\nredis.register_function('f', function() end)\n"
    "redis.register_function('f', function() end)",
    "#!lua name=lib\nlocal f = redis.register_function\nf('f', function() end)",
)


@scenario()
def libraries_that_do_not_load(stage):
    a = stage.client()
    a("FUNCTION", "FLUSH")
    for code in BAD_LIBRARIES:
        a("FUNCTION", "LOAD", code)
        a("FUNCTION", "LIST")
        a("FUNCTION", "FLUSH")
    a("FUNCTION", "LOAD", "NOSUCH", LIBRARY % "lib")
    a("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
    a("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\nerror('not replaced')")
    a("FCALL", "f", 0)
    a("FUNCTION", "LOAD", "#!lua name=lib2\nredis.register_function('f', function() end)")
    a.each("FUNCTION LIST", "FUNCTION FLUSH")


@scenario()
def dumped_and_restored_functions(stage):
    a = stage.client()
    a("FUNCTION", "FLUSH")
    a("FUNCTION", "LOAD", "#!lua name=one\nredis.register_function('f', function() return 1 end)")
    dump = a.quiet("FUNCTION", "DUMP")
    a("FUNCTION", "RESTORE", dump)
    for policy in ("APPEND", "REPLACE", "FLUSH", "NOSUCH"):
        a("FUNCTION", "RESTORE", dump, policy)
        a("FCALL", "f", 0)
    a("FUNCTION", "FLUSH")
    a("FUNCTION", "RESTORE", dump)
    a.each("FCALL f 0", "FUNCTION LIST", "FUNCTION FLUSH")
    a("FUNCTION", "RESTORE", dump[:-1])
    a("FUNCTION", "RESTORE", b"")


@scenario(needs=("order",))
def what_a_library_remembers(stage):
    """With several shards each has its own."""
    a, b = stage.clients("ab")
    a("FUNCTION", "FLUSH")
    a("FUNCTION", "LOAD", LIBRARY % "lib")
    a.each("FCALL count 0", "FCALL count 0")
    b.each("FCALL count 0")
    a("FUNCTION", "FLUSH")
