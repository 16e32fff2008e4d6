// The libraries of scripts in a bare VM: formats, limits and errors as scripts see them.
#include "core/script/libraries.h"

#include <gmock/gmock.h>

#include <string>

#include "core/script/msgpack_encode.h"
#include "tests/support/lua_probe.h"

namespace basalt {
namespace {

class LibrariesTest : public ::testing::Test {
 protected:
  struct Case {
    const char* expression;
    const char* result;
  };
  void Check(std::initializer_list<Case> cases) {
    for (const Case& c : cases) EXPECT_EQ(probe_.Run(c.expression), c.result) << c.expression;
  }

  LocalProbe probe_;
};

TEST_F(LibrariesTest, OpenedTwiceIsTheSame) {
  lua_State* lua = luaL_newstate();
  luaL_openlibs(lua);
  OpenScriptLibraries(lua);
  OpenScriptLibraries(lua);
  EXPECT_EQ(luaL_dostring(lua, "return cjson.encode({1}) .. bit.tohex(255) .. struct.size('i')"),
            0);
  EXPECT_STREQ(lua_tostring(lua, -1), "[1]000000ff4");
  lua_close(lua);
}

TEST_F(LibrariesTest, CmsgpackChoosesTheShortestForm) {
  Check({
      {"cmsgpack.pack(nil, false, true)", R"("\xc0\xc2\xc3")"},
      {"cmsgpack.pack(0, 127, 128, 255)", R"("\x00\x7f\xcc\x80\xcc\xff")"},
      {"cmsgpack.pack(256, 65535)", R"("\xcd\x01\x00\xcd\xff\xff")"},
      {"cmsgpack.pack(65536)", R"("\xce\x00\x01\x00\x00")"},
      {"cmsgpack.pack(2^32)", R"("\xcf\x00\x00\x00\x01\x00\x00\x00\x00")"},
      {"cmsgpack.pack(-1, -32, -33, -128)", R"("\xff\xe0\xd0\xdf\xd0\x80")"},
      {"cmsgpack.pack(-129, -32769)", R"("\xd1\xff\x7f\xd2\xff\xff\x7f\xff")"},
      {"cmsgpack.pack(-2^63)", R"("\xd3\x80\x00\x00\x00\x00\x00\x00\x00")"},
      {"cmsgpack.pack(0.5)", R"("\xca?\x00\x00\x00")"},
      {"cmsgpack.pack(0.1)", R"("\xcb?\xb9\x99\x99\x99\x99\x99\x9a")"},
      {"cmsgpack.pack(2^63, 1/0)", R"("\xca_\x00\x00\x00\xca\x7f\x80\x00\x00")"},
      {"cmsgpack.pack('', 'ab')", R"("\xa0\xa2ab")"},
      {"cmsgpack.pack(('x'):rep(32)):sub(1, 3)", R"("\xd9 x")"},
      {"cmsgpack.pack({}, {1, {2}}, {a = 1})", R"("\x90\x92\x01\x91\x02\x81\xa1a\x01")"},
      {"cmsgpack.pack({[2] = 1})", R"("\x81\x02\x01")"},
      {"cmsgpack.pack({[1.5] = 1})", R"("\x81\xca?\xc0\x00\x00\x01")"},
      {"cmsgpack.pack(type, cjson.null)", R"("\xc0\xc0")"},
  });
}

TEST_F(LibrariesTest, CmsgpackReadsItAll) {
  Check({
      {"cmsgpack.unpack('\\1\\224\\255\\127')", "1 -32 -1 127"},
      {"cmsgpack.unpack('\\204\\255\\205\\255\\255\\206\\255\\255\\255\\255')",
       "255 65535 4294967295"},
      {"cmsgpack.unpack('\\207' .. ('\\255'):rep(8))", "-1"},
      {"cmsgpack.unpack('\\208\\128\\209\\128\\0\\210\\128\\0\\0\\0')", "-128 -32768 -2147483648"},
      {"cmsgpack.unpack('\\217\\1a\\218\\0\\1b\\219\\0\\0\\0\\1c')", R"("a" "b" "c")"},
      {"cmsgpack.unpack('\\220\\0\\1\\1\\221\\0\\0\\0\\1\\2')", "{1=1} {1=2}"},
      {"cmsgpack.unpack('\\222\\0\\1\\1\\2\\223\\0\\0\\0\\1\\3\\4')", "{1=2} {3=4}"},
      {"cmsgpack.unpack('')", ""},
      {"cmsgpack.unpack_one('\\1\\2\\3')", "1 1"},
      {"cmsgpack.unpack_one('\\1\\2\\3', 2)", "-1 3"},
      {"cmsgpack.unpack_limit('\\1\\2\\3', 2)", "2 1 2"},
      {"cmsgpack.unpack_limit('\\1\\2\\3', 9, 1)", "-1 2 3"},
      {"cmsgpack.unpack(cmsgpack.pack({1, {a = {true, 0.25}}, 'x'}))",
       R"({1=1,2={"a"={1=true,2=0.25}},3="x"})"},
  });
}

TEST_F(LibrariesTest, CmsgpackRefuses) {
  Check({
      {"cmsgpack.pack()",
       "error: \"probe:1: bad argument #0 to 'pack' (MessagePack pack needs input.)\""},
      {"cmsgpack.unpack('\\204')", "error: \"probe:1: Missing bytes in input.\""},
      {"cmsgpack.unpack('\\219\\255\\255\\255\\255x')",
       "error: \"probe:1: Missing bytes in input.\""},
      {"cmsgpack.unpack('\\221\\255\\255\\255\\255')",
       "error: \"probe:1: Missing bytes in input.\""},
      {"cmsgpack.unpack('\\193')", "error: \"probe:1: Bad data format in input.\""},
      {"cmsgpack.unpack('\\196\\1a')", "error: \"probe:1: Bad data format in input.\""},
      {"cmsgpack.unpack('\\129\\192\\1')", "error: \"table index is nil\""},
      {"cmsgpack.unpack_one('abc', 4)",
       "error: \"probe:1: Start offset 4 greater than input length 3.\""},
      {"cmsgpack.unpack_one('abc', -1)",
       "error: \"probe:1: Invalid request to unpack with offset of -1 and limit of 3.\""},
      {"cmsgpack.unpack(('\\145'):rep(100000))",
       "error: \"probe:1: stack overflow (in function mp_decode_to_lua_array)\""},
  });
}

TEST_F(LibrariesTest, CmsgpackEndsCycles) {
  Check({{"(function() local t = {} t[1] = t return cmsgpack.pack(t) end)()",
          R"("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\xc0")"}});
}

// A small table that holds others many times over can be anything but small when it is packed.
TEST_F(LibrariesTest, CmsgpackBoundsItsOutput) {
  lua_State* lua = luaL_newstate();
  luaL_openlibs(lua);
  lua_register(lua, "pack", [](lua_State* vm) {
    MsgpackEncoder encoder(vm, 10000);
    encoder.Put(1);
    encoder.PushResult();
    return 1;
  });
  EXPECT_EQ(luaL_dostring(lua, "return #pack(('x'):rep(9997))"), 0) << lua_tostring(lua, -1);
  EXPECT_EQ(lua_tonumber(lua, -1), 10000);
  EXPECT_NE(luaL_dostring(lua, "return pack(('x'):rep(9998))"), 0);
  EXPECT_NE(luaL_dostring(lua, "local t = 1 for i = 1, 15 do t = {t, t, t, t} end return pack(t)"),
            0);
  EXPECT_THAT(lua_tostring(lua, -1), testing::HasSubstr("MessagePack output is too large."));
  lua_close(lua);
}

TEST_F(LibrariesTest, StructPacksAsTheFormatSays) {
  Check({
      {"struct.pack('>bHil', 1, 2, 3, 4)",
       R"("\x01\x00\x02\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x04")"},
      {"struct.pack('<bHi', -1, 65535, -2)", R"("\xff\xff\xff\xfe\xff\xff\xff")"},
      {"struct.pack('>I3<i3', 0x123456, -2)", R"("\x124V\xfe\xff\xff")"},
      {"struct.pack('>I9', 1)", R"("\x00\x00\x00\x00\x00\x00\x00\x00\x01")"},
      {"struct.pack('>fd', 1.5, -2.25)", R"("?\xc0\x00\x00\xc0\x02\x00\x00\x00\x00\x00\x00")"},
      {"struct.pack('sc2c0xc', 'ab', 'cde', 'fg', 'h')", R"("ab\x00cdfg\x00h")"},
      {"struct.pack('<!4bi!1bi', 1, 2, 3, 4)",
       R"("\x01\x00\x00\x00\x02\x00\x00\x00\x03\x04\x00\x00\x00")"},
      {"struct.pack('<I8', 1e300), struct.pack('<I1', -1)",
       R"("\x00\x00\x00\x00\x00\x00\x00\x00" "\xff")"},
      {"struct.size('!bBhHlLTiIfd'), struct.size('!8bi3'), struct.size('c5x')", "56 6 6"},
  });
}

TEST_F(LibrariesTest, StructUnpacksWhatItPacked) {
  Check({
      {"struct.unpack('>bBhHiIlL', struct.pack('>bBhHiIlL', -1, 255, -2, 65534, -3, 5, -4, 6))",
       "-1 255 -2 65534 -3 5 -4 6 31"},
      {"struct.unpack('<i3I3', '\\254\\255\\255\\254\\255\\255')", "-2 16777214 7"},
      {"struct.unpack('>i9', struct.pack('>i9', 123456789))", "123456789 10"},
      {"struct.unpack('<fds', struct.pack('<fds', 0.5, 0.1, 'text'))",
       "0.5 0.10000000000000001 \"text\" 18"},
      {"struct.unpack('bc0', '\\3abcdef')", R"("abc" 5)"},
      {"struct.unpack('b', '\\1\\2', 2)", "2 3"},
      {"struct.unpack('!4bi', '\\1xxx\\2\\0\\0\\0')", "1 2 9"},
      {"struct.unpack('', 'ab', 9)", "9"},
  });
}

TEST_F(LibrariesTest, StructRefuses) {
  const char* too_short = "error: \"probe:1: bad argument #2 to 'unpack' (data string too short)\"";
  Check({
      {"struct.unpack('i', 'abc')", too_short},
      {"struct.unpack('c2147483647', 'abc')", too_short},
      {"struct.unpack('bc0', '\\255abc')", too_short},
      {"struct.unpack('b', 'abc', 4)", too_short},
      {"struct.unpack('b', 'abc', -1)", too_short},
      {"struct.unpack('!8l', ('x'):rep(8), -1)", too_short},
      {"struct.unpack('b', 'abc', 0)",
       "error: \"probe:1: bad argument #3 to 'unpack' (offset must be 1 or greater)\""},
      {"struct.unpack('s', 'abc')", "error: \"probe:1: unfinished string in data\""},
      {"struct.unpack('c0', 'abc')", "error: \"probe:1: format 'c0' needs a previous size\""},
      {"struct.pack('i33', 1)", "error: \"probe:1: integral size 33 is larger than limit of 32\""},
      {"struct.size('c2147483648')", "error: \"probe:1: integral size overflow\""},
      {"struct.pack('!3b', 1)", "error: \"probe:1: alignment 3 is not a power of 2\""},
      {"struct.pack('c4', 'abc')",
       "error: \"probe:1: bad argument #3 to 'pack' (string too short)\""},
      {"struct.pack('b')",
       "error: \"probe:1: bad argument #2 to 'pack' (number expected, got nil)\""},
      {"struct.pack('n', 1)",
       "error: \"probe:1: bad argument #1 to 'pack' (invalid format option 'n')\""},
      {"struct.size('s')",
       "error: \"probe:1: bad argument #1 to 'size' (option 's' has no fixed size)\""},
      {"#{struct.unpack(('b'):rep(9000), ('x'):rep(9000))}",
       "error: \"probe:1: stack overflow (too many results)\""},
  });
}

// What lua-cjson cannot count does not reach it.
TEST_F(LibrariesTest, CjsonBoundsItsOutput) {
  const std::string too_large = "error: \"probe:1: Cannot serialise: the result may be too large\"";
  const char* bomb =
      "(function() local t = ('x'):rep(1e6) for i = 1, 3 do t = {t, t, t, t, t, t, t, t} end "
      "return t end)()";
  EXPECT_EQ(probe_.Run(std::string("cjson.encode(") + bomb + ")"), too_large);
  EXPECT_EQ(probe_.Run(std::string("cjson.new().encode(") + bomb + ")"), too_large);
  Check({
      {"#cjson.encode(('x'):rep(1e6))", "1000002"},
      {"cjson.encode_sparse_array(true), cjson.encode({[2^30]=1})", R"(true "{"1073741824":1}")"},
      {"cjson.encode_sparse_array(true, 0, 0)", "true 0 0"},
      {"cjson.encode({[3]=1})", R"("[null,null,1]")"},
  });
  EXPECT_EQ(probe_.Run("cjson.encode({[2^30]=1})"), too_large);
}

TEST_F(LibrariesTest, CjsonAndBit) {
  Check({
      {"cjson.encode({1, 'a', cjson.null, {b = true}})", R"("[1,"a",null,{"b":true}]")"},
      {"cjson.encode(math.pi), cjson.encode({})", R"("3.1415926535898" "{}")"},
      {"cjson.decode('[1, [2, [3]], {\"a\": null}]')", R"({1=1,2={1=2,2={1=3}},3={"a"=null}})"},
      {"cjson.encode_max_depth(), cjson.decode_max_depth()", "1000 1000"},
      {"cjson.encode({[100] = 1})",
       "error: \"probe:1: Cannot serialise table: excessively sparse array\""},
      {"bit.band(0xff, 0x0f), bit.tohex(-1), bit.rshift(-1, 28)", "15 \"ffffffff\" 15"},
      {"bit.tohex(255, -2^31), bit.tohex(255, 2), bit.tohex(255, -2)", R"("000000FF" "ff" "FF")"},
      {"bit.tobit(2^32 - 1), bit.tobit(2.5), bit.bswap(1), bit.ror(1, 33)",
       "-1 2 16777216 -2147483648"},
  });
}

}  // namespace
}  // namespace basalt
