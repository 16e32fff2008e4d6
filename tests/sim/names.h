// The names of what simulated clients work on: a key's first letter says what is done to it
// (Operation::Kind), and a value shows the number of the operation that wrote it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "core/base/numbers.h"
#include "core/base/strings.h"

namespace basalt::sim {

inline constexpr uint64_t kLists = 6, kStrings = 3, kCounters = 3, kRaised = 2, kQueues = 2;

// Lists and strings that expire.
inline bool ExpiresByName(std::string_view key) { return key[0] == 'x' || key[0] == 'e'; }

// What an append leaves: eight bytes.
inline std::string TextOf(uint64_t number) {
  char text[16];
  std::snprintf(text, sizeof(text), "%07llu;", static_cast<unsigned long long>(number));
  return text;
}

// 0: none.
inline uint64_t NumberOf(std::string_view text) {
  while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
  int64_t number = 0;
  return ParseInt64(text, &number) && number > 0 ? static_cast<uint64_t>(number) : 0;
}

// Of the operation that made the key.
inline uint64_t NumberInName(std::string_view key) {
  return NumberOf(key.substr(2, key.find(':', 2) - 2));
}

// The functions of library f:<name> are <name>_get, which returns its number, and <name>_push.
inline std::string LibraryCode(std::string_view name, uint64_t number) {
  return StrCat("#!lua name=", name, "\nlocal number = ", number,
                "\nredis.register_function{function_name='", name,
                "_get', callback=function() return number end, flags={'no-writes'}}\n",
                "redis.register_function('", name, "_push', function(keys, args)\n",
                "  for i, key in ipairs(keys) do\n",
                "    if string.sub(key, 1, 1) == 'a' then redis.call('APPEND', key, args[2])\n",
                "    else redis.call('RPUSH', key, args[1]) end\n", "  end\n", "end)");
}
inline uint64_t NumberOfLibrary(std::string_view code) {
  constexpr std::string_view kBefore = "local number = ";
  code.remove_prefix(code.find(kBefore) + kBefore.size());
  return NumberOf(code.substr(0, code.find('\n')));
}

}  // namespace basalt::sim
