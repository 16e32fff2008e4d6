// COMMAND DOCS of strings, bitmaps and HyperLogLog. The columns are those of CommandDoc.
#include "core/admin/command_docs_tables.h"

namespace basalt::docs {
namespace {

// clang-format off
constexpr CommandDoc kStringDocs[] = {
    {"append", "string", "2.0.0", "O(1) amortised",
     "Adds bytes at the end of a string, creating it if needed.",
     "key:k value"},
    {"decr", "string", "1.0.0", "O(1)",
     "Takes one off an integer.",
     "key:k"},
    {"decrby", "string", "1.0.0", "O(1)",
     "Takes a number off an integer.",
     "key:k decrement:i"},
    {"get", "string", "1.0.0", "O(1)",
     "Gives the string held by a key.",
     "key:k"},
    {"getdel", "string", "6.2.0", "O(1)",
     "Gives a string and deletes its key.",
     "key:k"},
    {"getex", "string", "6.2.0", "O(1)",
     "Gives a string and sets or clears when it expires.",
     "key:k "
     "[expiration(EX=seconds:i|PX=milliseconds:i|EXAT=unix-time-seconds:u|"
     "PXAT=unix-time-milliseconds:u|PERSIST)]"},
    {"getrange", "string", "2.4.0", "O(N), N bytes returned",
     "Gives the bytes of a string between two positions.",
     "key:k start:i end:i"},
    {"getset", "string", "1.0.0", "O(1)",
     "Replaces a string and gives the one before.",
     "key:k value", "6.2.0", "SET with GET"},
    {"incr", "string", "1.0.0", "O(1)",
     "Adds one to an integer.",
     "key:k"},
    {"incrby", "string", "1.0.0", "O(1)",
     "Adds a number to an integer.",
     "key:k increment:i"},
    {"incrbyfloat", "string", "2.6.0", "O(1)",
     "Adds a number to a floating-point value.",
     "key:k increment:d"},
    {"lcs", "string", "7.0.0", "O(N*M), N and M the two lengths",
     "Finds the longest common subsequence of two strings.",
     "key1:k key2:k0 [LEN] [IDX] [MINMATCHLEN=len:i] [WITHMATCHLEN]"},
    {"mget", "string", "1.0.0", "O(N), N keys",
     "Gives the strings of several keys at one moment.",
     "key:k*"},
    {"mset", "string", "1.0.1", "O(N), N keys",
     "Sets several strings at once.",
     "key_value{key:k value}*"},
    {"msetnx", "string", "1.0.1", "O(N), N keys",
     "Sets several strings if none of the keys exists.",
     "key_value{key:k value}*"},
    {"psetex", "string", "2.6.0", "O(1)",
     "Sets a string that expires after so many milliseconds.",
     "key:k milliseconds:i value"},
    {"set", "string", "1.0.0", "O(1)",
     "Sets a string, if asked only under a condition, with an expiry, or giving the one before.",
     "key:k value [condition(NX|XX)] [GET] "
     "[expiration(EX=seconds:i|PX=milliseconds:i|EXAT=unix-time-seconds:u|"
     "PXAT=unix-time-milliseconds:u|KEEPTTL)]"},
    {"setex", "string", "2.0.0", "O(1)",
     "Sets a string that expires after so many seconds.",
     "key:k seconds:i value"},
    {"setnx", "string", "1.0.0", "O(1)",
     "Sets a string if the key does not exist.",
     "key:k value"},
    {"setrange", "string", "2.2.0", "O(M), M bytes written",
     "Overwrites a string from a position on, filling a gap with zero bytes.",
     "key:k offset:i value"},
    {"strlen", "string", "2.2.0", "O(1)",
     "Gives the length of a string in bytes.",
     "key:k"},
    {"substr", "string", "1.0.0", "O(N), N bytes returned",
     "Older name of GETRANGE.",
     "key:k start:i end:i", "2.0.0", "GETRANGE"},
    {"bitcount", "bitmap", "2.6.0", "O(N), N bytes looked at",
     "Counts the bits that are set in a string or a part of it.",
     "key:k [index{start:i end:i [index_unit(BYTE|BIT)]}]"},
    {"bitfield", "bitmap", "3.2.0", "O(1) per operation",
     "Reads and changes integers of any width inside a string.",
     "key:k [operation(GET=encoding_offset{encoding "
     "offset:i}|write{[OVERFLOW=wrap_sat_fail(WRAP|SAT|FAIL)] "
     "write_operation(SET=encoding_offset_value{encoding offset:i "
     "value:i}|INCRBY=encoding_offset_increment{encoding offset:i increment:i})})*]"},
    {"bitfield_ro", "bitmap", "6.0.0", "O(1) per operation",
     "Reads integers of any width inside a string.",
     "key:k [GET=encoding_offset{encoding offset:i}**]"},
    {"bitop", "bitmap", "2.6.0", "O(N), N bytes of the longest string",
     "Combines strings bit by bit into another.",
     "operation destkey:k key:k*"},
    {"bitpos", "bitmap", "2.8.7", "O(N), N bytes looked at",
     "Finds the first bit of a string that is 0 or 1.",
     "key:k bit:i [index{start:i [end_index{end:i [index_unit(BYTE|BIT)]}]}]"},
    {"getbit", "bitmap", "2.2.0", "O(1)",
     "Gives one bit of a string.",
     "key:k offset:i"},
    {"setbit", "bitmap", "2.2.0", "O(1)",
     "Sets one bit of a string and gives the one before.",
     "key:k offset:i value:i"},
    {"pfadd", "hyperloglog", "2.8.9", "O(1) per element",
     "Counts elements in, for a later estimate of how many different ones there were.",
     "key:k [element*]"},
    {"pfcount", "hyperloglog", "2.8.9", "O(1) for one key, O(N) for N keys",
     "Estimates how many different elements were added.",
     "key:k*"},
    {"pfmerge", "hyperloglog", "2.8.9", "O(N), N keys",
     "Makes one estimate out of several.",
     "destkey:k sourcekey:k*"},
};
// clang-format on

}  // namespace

std::span<const CommandDoc> StringDocs() { return kStringDocs; }

}  // namespace basalt::docs
