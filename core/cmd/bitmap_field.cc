// BITFIELD and BITFIELD_RO: integers of any width up to 64 bits anywhere in a string. All words are
// read before anything is done, so a wrong one leaves the value as it was.

#include <algorithm>
#include <vector>

#include "core/cmd/arguments.h"
#include "core/cmd/bitmap_handlers.h"
#include "core/cmd/bitmap_words.h"

namespace basalt {
namespace {

enum class FieldVerb : uint8_t { kGet, kSet, kIncrby };
enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

struct FieldOp {
  FieldVerb verb;
  Overflow overflow;
  bool is_signed;
  unsigned width;
  uint64_t offset;
  int64_t operand = 0;

  uint64_t EndBit() const { return offset + width; }
};

bool OverflowArg(CommandContext& ctx, size_t i, Overflow* out) {
  if (Is(ctx.args[i], "WRAP")) {
    *out = Overflow::kWrap;
  } else if (Is(ctx.args[i], "SAT")) {
    *out = Overflow::kSaturate;
  } else if (Is(ctx.args[i], "FAIL")) {
    *out = Overflow::kFail;
  } else {
    ctx.reply.Error(errors::kBitfieldOverflow);
    return false;
  }
  return true;
}

// "i1" to "i64", "u1" to "u63".
bool TypeArg(CommandContext& ctx, size_t i, FieldOp* op) {
  std::string_view text = ctx.args[i];
  int64_t width = 0;
  bool known =
      !text.empty() && (text[0] == 'i' || text[0] == 'u') && ParseInt64(text.substr(1), &width);
  op->is_signed = known && text[0] == 'i';
  if (!known || width < 1 || width > (op->is_signed ? 64 : 63)) {
    ctx.reply.Error(errors::kBitfieldType);
    return false;
  }
  op->width = static_cast<unsigned>(width);
  return true;
}

bool ParseFieldOps(CommandContext& ctx, std::vector<FieldOp>* ops) {
  const Args& args = ctx.args;
  Overflow overflow = Overflow::kWrap;
  for (size_t i = 2; i < args.size();) {
    size_t more = args.size() - i - 1;
    FieldOp op{.verb = FieldVerb::kGet, .overflow = overflow};
    if (Is(args[i], "OVERFLOW") && more >= 1) {
      if (!OverflowArg(ctx, i + 1, &overflow)) return false;
      i += 2;
      continue;
    }
    if (Is(args[i], "SET") && more >= 3) {
      op.verb = FieldVerb::kSet;
    } else if (Is(args[i], "INCRBY") && more >= 3) {
      op.verb = FieldVerb::kIncrby;
    } else if (!Is(args[i], "GET") || more < 2) {
      ReplySyntaxError(ctx);
      return false;
    }
    if (!TypeArg(ctx, i + 1, &op) || !BitOffsetArg(ctx, i + 2, op.width, &op.offset)) return false;
    if (op.verb != FieldVerb::kGet && !IntegerArg(ctx, i + 3, &op.operand)) return false;
    ops->push_back(op);
    i += op.verb == FieldVerb::kGet ? 3 : 4;
  }
  return true;
}

// The field's bits as the number they mean.
int64_t Meaning(uint64_t bits, const FieldOp& op) {
  if (!op.is_signed || op.width == 64) return static_cast<int64_t>(bits);
  uint64_t sign = uint64_t{1} << (op.width - 1);
  return static_cast<int64_t>((bits ^ sign) - sign);
}

// Wide enough for the sum of any two operands.
using Wide = __int128;

struct FieldLimits {
  Wide min;
  Wide max;

  explicit FieldLimits(const FieldOp& op)
      : min(op.is_signed ? -(Wide{1} << (op.width - 1)) : 0),
        max((Wide{1} << (op.is_signed ? op.width - 1 : op.width)) - 1) {}
};

// What the operation makes of a field that holds `old`; false when it must not be written (OVERFLOW
// FAIL).
bool NewValue(const FieldOp& op, int64_t old, int64_t* out) {
  Wide value;
  if (op.verb == FieldVerb::kIncrby) {
    value = Wide{old} + op.operand;
  } else if (op.is_signed) {
    value = op.operand;
  } else {
    value =
        static_cast<uint64_t>(op.operand);  // a negative number is too large for any unsigned field
  }
  FieldLimits limits(op);
  if (value < limits.min || value > limits.max) {
    if (op.overflow == Overflow::kFail) return false;
    if (op.overflow == Overflow::kSaturate) {
      value = value < limits.min ? limits.min : limits.max;
    } else {
      uint64_t mask = op.width == 64 ? ~uint64_t{0} : (uint64_t{1} << op.width) - 1;
      value = Meaning(static_cast<uint64_t>(value) & mask, op);
    }
  }
  *out = static_cast<int64_t>(value);
  return true;
}

void ReplyField(CommandContext& ctx, const FieldOp& op, std::string_view bytes) {
  ctx.reply.Integer(Meaning(bits::ReadField(bytes, op.offset, op.width), op));
}

void RunReading(CommandContext& ctx, const std::vector<FieldOp>& ops) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  char scratch[Entry::kIntTextBytes];
  std::string_view bytes = e == nullptr ? std::string_view() : e->StringView(scratch);
  ctx.reply.Array(ops.size());
  for (const FieldOp& op : ops) ReplyField(ctx, op, bytes);
}

void RunWriting(CommandContext& ctx, const std::vector<FieldOp>& ops, size_t bytes_needed) {
  std::string_view key = ctx.args[1];
  // A field may begin in the last byte allowed and end beyond it.
  if (bytes_needed > kMaxStringBytes) return ctx.reply.Error(errors::kBitOffset);
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kString, &e)) return;
  Db& db = ctx.DbOf(key);
  const size_t old_length = e == nullptr ? 0 : e->StringLength();
  if (e == nullptr) e = db.SetString(key, "");
  std::span<char> bytes = db.MutableString(e, std::max(old_length, bytes_needed));
  std::string_view view(bytes.data(), bytes.size());
  bool changed = bytes.size() > old_length;
  ctx.reply.Array(ops.size());
  for (const FieldOp& op : ops) {
    if (op.verb == FieldVerb::kGet) {
      ReplyField(ctx, op, view);
      continue;
    }
    int64_t old = Meaning(bits::ReadField(view, op.offset, op.width), op);
    int64_t value;
    if (!NewValue(op, old, &value)) {
      ctx.reply.Null();
      continue;
    }
    bits::WriteField(bytes.data(), bytes.size(), op.offset, op.width, static_cast<uint64_t>(value));
    changed |= value != old;
    ctx.reply.Integer(op.verb == FieldVerb::kSet ? old : value);
  }
  if (changed) ctx.Changed(key);
}

}  // namespace

void BitfieldCommand(CommandContext& ctx) {
  std::vector<FieldOp> ops;
  if (!ParseFieldOps(ctx, &ops)) return;
  uint64_t end_bit = 0;
  for (const FieldOp& op : ops) {
    if (op.verb != FieldVerb::kGet) end_bit = std::max(end_bit, op.EndBit());
  }
  if (end_bit == 0) return RunReading(ctx, ops);
  if (!ctx.spec->Has(kWrite))
    return ctx.reply.Error("ERR BITFIELD_RO only supports the GET subcommand");
  RunWriting(ctx, ops, (end_bit + 7) / 8);
}

}  // namespace basalt
