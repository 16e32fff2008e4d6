// BITOP: bytewise logic over strings, the shorter ones continued by zeros.

#include <algorithm>
#include <cstring>
#include <string>

#include "core/cmd/arguments.h"
#include "core/cmd/bitmap_handlers.h"

namespace basalt {
namespace {

enum class BitOp : uint8_t { kAnd, kOr, kXor, kNot };

bool OpArg(CommandContext& ctx, BitOp* op) {
  std::string_view word = ctx.args[1];
  if (Is(word, "AND")) {
    *op = BitOp::kAnd;
  } else if (Is(word, "OR")) {
    *op = BitOp::kOr;
  } else if (Is(word, "XOR")) {
    *op = BitOp::kXor;
  } else if (Is(word, "NOT")) {
    *op = BitOp::kNot;
  } else {
    ReplySyntaxError(ctx);
    return false;
  }
  return true;
}

// Combines `text` into the beginning of `out`. The compiler makes vector code of these loops.
void Combine(BitOp op, std::string_view text, std::string* out) {
  char* to = out->data();
  const char* from = text.data();
  size_t n = text.size();
  if (op == BitOp::kAnd) {
    for (size_t i = 0; i < n; ++i) to[i] &= from[i];
    std::memset(to + n, 0, out->size() - n);
  } else if (op == BitOp::kOr) {
    for (size_t i = 0; i < n; ++i) to[i] |= from[i];
  } else {
    for (size_t i = 0; i < n; ++i) to[i] ^= from[i];
  }
}

}  // namespace

void BitopCommand(CommandContext& ctx) {
  BitOp op;
  if (!OpArg(ctx, &op)) return;
  if (op == BitOp::kNot && ctx.args.size() != 4) return ctx.reply.Error(errors::kBitopNot);
  Args sources = ctx.args.From(3);
  size_t length = 0;
  for (std::string_view key : sources) {
    Entry* e;
    if (!ReadOfType(ctx, key, ValueType::kString, &e)) return;
    if (e != nullptr) length = std::max(length, e->StringLength());
  }

  // NOT is XOR with ones, so it needs no case of its own.
  std::string result(length, op == BitOp::kNot ? '\xff' : '\0');
  bool first = true;
  for (std::string_view key : sources) {
    const Entry* e = ctx.Find(key);
    char scratch[Entry::kIntTextBytes];
    std::string_view text = e == nullptr ? std::string_view() : e->StringView(scratch);
    Combine(first && op == BitOp::kAnd ? BitOp::kOr : op, text, &result);
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
