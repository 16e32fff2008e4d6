// LCS: the longest common subsequence of two strings, by the textbook table of prefix lengths.

#include <algorithm>
#include <memory>

#include "core/cmd/arguments.h"
#include "core/cmd/string_handlers.h"

namespace basalt {
namespace {

struct LcsOptions {
  bool idx = false;
  bool len = false;
  bool with_match_len = false;
  int64_t min_match_len = 0;
};

bool ParseLcsOptions(CommandContext& ctx, LcsOptions* o) {
  const Args& args = ctx.args;
  for (size_t i = 3; i < args.size(); ++i) {
    if (Is(args[i], "IDX")) {
      o->idx = true;
    } else if (Is(args[i], "LEN")) {
      o->len = true;
    } else if (Is(args[i], "WITHMATCHLEN")) {
      o->with_match_len = true;
    } else if (Is(args[i], "MINMATCHLEN") && i + 1 < args.size()) {
      if (!IntegerArg(ctx, ++i, &o->min_match_len)) return false;
      o->min_match_len = std::max<int64_t>(0, o->min_match_len);
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  if (!o->idx || !o->len) return true;
  ctx.reply.Error("ERR If you want both the length and indexes, please just use IDX.");
  return false;
}

// length(i, j): the longest common subsequence of the first i bytes of `a` and the first j of `b`.
class PrefixTable {
 public:
  // False when it would take more than `max_bytes` of memory.
  bool Build(std::string_view a, std::string_view b, size_t max_bytes) {
    columns_ = b.size() + 1;
    size_t cells = (a.size() + 1) * columns_;
    if (cells > max_bytes / sizeof(uint32_t)) return false;
    cells_ = std::make_unique<uint32_t[]>(cells);  // row and column 0 stay zero
    for (size_t i = 1; i <= a.size(); ++i) {
      const uint32_t* above = &cells_[(i - 1) * columns_];
      uint32_t* row = &cells_[i * columns_];
      for (size_t j = 1; j < columns_; ++j) {
        row[j] = a[i - 1] == b[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
      }
    }
    return true;
  }
  uint32_t length(size_t i, size_t j) const { return cells_[i * columns_ + j]; }

 private:
  size_t columns_ = 0;
  std::unique_ptr<uint32_t[]> cells_;
};

// A stretch that both strings share: `size` bytes from a[a_first] and from b[b_first] on.
struct Match {
  size_t a_first;
  size_t b_first;
  size_t size;
};

// The stretches from last to first. Where two ways are equally long, the one that Redis goes.
template <class Visit>
void WalkBack(const PrefixTable& table, std::string_view a, std::string_view b, Visit&& visit) {
  size_t i = a.size(), j = b.size();
  while (i > 0 && j > 0) {
    size_t run = 0;
    while (i > 0 && j > 0 && a[i - 1] == b[j - 1]) --i, --j, ++run;
    if (run > 0) {
      visit(Match{i, j, run});
    } else if (table.length(i - 1, j) > table.length(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
}

void ReplyRange(Reply& reply, size_t first, size_t size) {
  reply.Array(2);
  reply.Integer(static_cast<int64_t>(first));
  reply.Integer(static_cast<int64_t>(first + size - 1));
}

void ReplyMatches(CommandContext& ctx, const LcsOptions& o, const PrefixTable& table,
                  std::string_view a, std::string_view b) {
  Reply& reply = ctx.reply;
  reply.Map(2);
  reply.Bulk("matches");
  size_t mark = reply.BeginArray(), matches = 0;
  WalkBack(table, a, b, [&](Match m) {
    if (m.size < static_cast<size_t>(o.min_match_len)) return;
    reply.Array(o.with_match_len ? 3 : 2);
    ReplyRange(reply, m.a_first, m.size);
    ReplyRange(reply, m.b_first, m.size);
    if (o.with_match_len) reply.Integer(static_cast<int64_t>(m.size));
    ++matches;
  });
  reply.EndArray(mark, matches);
  reply.Bulk("len");
  reply.Integer(table.length(a.size(), b.size()));
}

}  // namespace

void LcsCommand(CommandContext& ctx) {
  Entry* entries[2];
  char scratch[2][Entry::kIntTextBytes];
  std::string_view texts[2];
  for (size_t i = 0; i < 2; ++i) {
    entries[i] = ctx.Find(ctx.args[i + 1]);
    CountLookup(ctx, entries[i]);
  }
  for (size_t i = 0; i < 2; ++i) {
    if (entries[i] == nullptr) continue;
    if (!entries[i]->is(ValueType::kString)) {
      return ctx.reply.Error("ERR The specified keys must contain string values");
    }
    texts[i] = entries[i]->StringView(scratch[i]);
  }
  LcsOptions o;
  if (!ParseLcsOptions(ctx, &o)) return;
  auto [a, b] = texts;
  PrefixTable table;
  if (!table.Build(a, b, MaxStringBytes(ctx))) {
    return ctx.reply.Error(
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  if (o.idx) return ReplyMatches(ctx, o, table, a, b);
  size_t length = table.length(a.size(), b.size());
  if (o.len) return ctx.reply.Integer(static_cast<int64_t>(length));
  std::string common(length, '\0');
  WalkBack(table, a, b, [&](Match m) {
    length -= m.size;
    a.copy(common.data() + length, m.size, m.a_first);
  });
  ctx.reply.Bulk(common);
}

}  // namespace basalt
