// Built-in requests of --mix. See builtin_mix.h.
#include "tools/loadgen/builtin_mix.h"

#include <charconv>
#include <string>

namespace basalt::loadgen {
namespace {

// `start`, then `repeat` as often as the N of "name:N" says, then `end`. "{i}" in `repeat` counts
// from 0; "{N}" in `end` stands for N - 1, a last index.
struct Builtin {
  std::string_view name;
  std::string_view start;
  std::string_view repeat;
  std::string_view end;
};

constexpr Builtin kBuiltins[] = {
    {"ping", "PING", "", ""},
    {"get", "GET {key}", "", ""},
    {"set", "SET {key} {value}", "", ""},
    {"getset", "SET {key} {value} GET", "", ""},
    {"incr", "INCR counter:{n}", "", ""},
    {"append", "APPEND text:{n} {value}", "", ""},
    {"del", "DEL {key}", "", ""},
    {"exists", "EXISTS {key}", "", ""},
    {"mget", "MGET", " {key}", ""},
    {"mset", "MSET", " {key} {value}", ""},
    {"exec", "MULTI", " ; SET {key} {value}", " ; EXEC"},
    {"exec-one", "MULTI", " ; SET {{tag}}:{i} {value}", " ; EXEC"},
    {"eval", "EVAL \"return redis.call('SET', KEYS[1], ARGV[1])\" 1 {key} {value}", "", ""},
    {"eval2",
     "EVAL \"redis.call('DECRBY', KEYS[1], ARGV[1]) return redis.call('INCRBY', KEYS[2], "
     "ARGV[1])\" "
     "2 account:{n} account:{n} 1",
     "", ""},
    {"lpush", "LPUSH list:{n} {value}", "", ""},
    {"rpush", "RPUSH list:{n} {value}", "", ""},
    {"lpop", "LPOP list:{n}", "", ""},
    {"rpop", "RPOP list:{n}", "", ""},
    {"lrange", "LRANGE list:{n} 0", "", " {N}"},
    {"sadd", "SADD set:{n} {n}", "", ""},
    {"sismember", "SISMEMBER set:{n} {n}", "", ""},
    {"hset", "HSET hash:{n} {n} {value}", "", ""},
    {"hget", "HGET hash:{n} {n}", "", ""},
    {"zadd", "ZADD zset:{n} {n} {n}", "", ""},
    {"zscore", "ZSCORE zset:{n} {n}", "", ""},
};

bool ParseUint32(std::string_view text, uint32_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && *out > 0;
}

std::string WithNumber(std::string_view text, std::string_view placeholder, uint32_t number) {
  std::string out(text);
  if (size_t at = out.find(placeholder); at != out.npos) {
    out.replace(at, placeholder.size(), std::to_string(number));
  }
  return out;
}

std::string Expand(const Builtin& builtin, uint32_t n) {
  std::string text(builtin.start);
  for (uint32_t i = 0; i < n && !builtin.repeat.empty(); ++i) {
    text += WithNumber(builtin.repeat, "{i}", i);
  }
  return text + WithNumber(builtin.end, "{N}", n - 1);
}

bool AppendOne(std::string_view item, std::vector<MixEntry>* mix) {
  MixEntry entry;
  if (size_t equals = item.find('='); equals != item.npos) {
    if (!ParseUint32(item.substr(equals + 1), &entry.weight)) return false;
    item = item.substr(0, equals);
  }
  uint32_t n = 1;
  if (size_t colon = item.find(':'); colon != item.npos) {
    if (!ParseUint32(item.substr(colon + 1), &n) || n > 100'000) return false;
    item = item.substr(0, colon);
  }
  for (const Builtin& builtin : kBuiltins) {
    if (builtin.name != item) continue;
    entry.text = Expand(builtin, n);
    mix->push_back(std::move(entry));
    return true;
  }
  return false;
}

}  // namespace

bool AppendBuiltinMix(std::string_view text, std::vector<MixEntry>* mix) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    if (!AppendOne(text.substr(0, comma), mix)) return false;
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
  }
  return !mix->empty();
}

}  // namespace basalt::loadgen
