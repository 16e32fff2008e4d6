// BITOP: bytewise logic over strings, the shorter ones continued by zeros.

#include <algorithm>
#include <cstring>
#include <string>

#include "core/cmd/arguments.h"
#include "core/cmd/bitmap_handlers.h"

namespace basalt {
namespace {

enum class Op : uint8_t { kAnd, kOr, kXor, kNot };

bool OpArg(CommandContext& ctx, Op* op) {
  std::string_view word = ctx.args[1];
  if (Is(word, "AND")) {
    *op = Op::kAnd;
  } else if (Is(word, "OR")) {
    *op = Op::kOr;
  } else if (Is(word, "XOR")) {
    *op = Op::kXor;
  } else if (Is(word, "NOT")) {
    *op = Op::kNot;
  } else {
    ReplySyntaxError(ctx);
    return false;
  }
  return true;
}

// Combines `text` into the beginning of `out`. The compiler makes vector code of these loops.
void Combine(Op op, std::string_view text, std::string* out) {
  char* to = out->data();
  const char* from = text.data();
  size_t n = text.size();
  if (op == Op::kAnd) {
    for (size_t i = 0; i < n; ++i) to[i] &= from[i];
    std::memset(to + n, 0, out->size() - n);
  } else if (op == Op::kOr) {
    for (size_t i = 0; i < n; ++i) to[i] |= from[i];
  } else {
    for (size_t i = 0; i < n; ++i) to[i] ^= from[i];
  }
}

}  // namespace

void BitopCommand(CommandContext& ctx) {
  Op op;
  if (!OpArg(ctx, &op)) return;
  if (op == Op::kNot && ctx.args.size() != 4) return ctx.reply.Error(errors::kBitopNot);
  Args sources = ctx.args.From(3);
  size_t length = 0;
  for (std::string_view key : sources) {
    Entry* e;
    if (!ReadOfType(ctx, key, ValueType::kString, &e)) return;
    if (e != nullptr) length = std::max(length, e->StringLength());
  }

  // NOT is XOR with ones, so it needs no case of its own.
  std::string result(length, op == Op::kNot ? '\xff' : '\0');
  bool first = true;
  for (std::string_view key : sources) {
    const Entry* e = ctx.Find(key);
    char scratch[Entry::kIntTextBytes];
    std::string_view text = e == nullptr ? std::string_view() : e->StringView(scratch);
    Combine(first && op == Op::kAnd ? Op::kOr : op, text, &result);
    first = false;
  }

  std::string_view target = ctx.args[2];
  Db& db = ctx.DbOf(target);
  if (length > 0) {
    Entry* e = db.SetString(target, "");
    std::span<char> bytes = db.MutableString(e, length);
    std::memcpy(bytes.data(), result.data(), length);
    ctx.Changed(target);
  } else if (db.Delete(target)) {
    ctx.Changed(target);
  }
  ctx.reply.Integer(static_cast<int64_t>(length));
}

}  // namespace basalt
