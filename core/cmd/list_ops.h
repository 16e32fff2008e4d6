// What several list commands do, those that may block included: taking elements off an end, and
// moving one to another list. Each runs on the thread that owns the keys, or that has every shard
// parked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/shard/command_context.h"
#include "core/value/list.h"

namespace basalt {

enum class ListEnd : uint8_t { kHead, kTail };

// args[i] as LEFT or RIGHT. False: the error was replied.
[[nodiscard]] bool ListEndArg(CommandContext& ctx, size_t i, ListEnd* out);

inline void PushTo(List& list, ListEnd end, std::string_view value) {
  end == ListEnd::kHead ? list.PushFront(value) : list.PushBack(value);
}

// Takes an element off the list `e`; it goes to `*out`, or to the reply when that is null. Deletes
// the key when it was the last.
void PopOne(CommandContext& ctx, std::string_view key, Entry* e, ListEnd end,
            std::string* out = nullptr);
// Takes up to `count` (at least one) off and replies with the array of them, from that end on.
// Returns how many.
size_t PopSeveral(CommandContext& ctx, std::string_view key, Entry* e, ListEnd end, size_t count);

// LMOVE: moves an element and replies with it; null when there is no source.
void MoveElement(CommandContext& ctx, std::string_view source, std::string_view target,
                 ListEnd from, ListEnd to);

// The arguments of LMPOP from numkeys on.
struct MultiPop {
  Args keys;
  ListEnd end = ListEnd::kHead;
  size_t count = 1;
};
// `numkeys_at` is where numkeys stands. False: the error was replied.
[[nodiscard]] bool ParseMultiPop(CommandContext& ctx, size_t numkeys_at, MultiPop* out);
// Pops from the first of the keys that is there, and replies with its name and the elements. False
// when there is none: then nothing was replied. A key of another type is replied as an error; that
// is true.
[[nodiscard]] bool PopFromFirst(CommandContext& ctx, const MultiPop& pop);

}  // namespace basalt
