// SETBIT, GETBIT, BITCOUNT and BITPOS, and the rows of all bit commands.

#include <algorithm>

#include "core/cmd/arguments.h"
#include "core/cmd/bitmap_handlers.h"
#include "core/cmd/bitmap_words.h"
#include "core/cmd/groups.h"
#include "core/cmd/row_words.h"

namespace basalt {

bool BitOffsetArg(CommandContext& ctx, size_t i, unsigned width, uint64_t* offset) {
  std::string_view text = ctx.args[i];
  int64_t value = 0;
  bool field = width > 0 && !text.empty() && text[0] == '#';
  bool fits = ParseInt64(text.substr(field), &value);
  if (field) fits = fits && !__builtin_mul_overflow(value, int64_t{width}, &value);
  if (!fits || value < 0 || static_cast<uint64_t>(value) / 8 >= MaxStringBytes(ctx)) {
    ctx.reply.Error(errors::kBitOffset);
    return false;
  }
  *offset = static_cast<uint64_t>(value);
  return true;
}

namespace {

void SetbitCommand(CommandContext& ctx) {
  std::string_view key = ctx.args[1];
  uint64_t offset;
  int64_t bit;
  if (!BitOffsetArg(ctx, 2, 0, &offset) || !IntegerArg(ctx, 3, &bit, errors::kBitValue)) return;
  if (bit != 0 && bit != 1) return ctx.reply.Error(errors::kBitValue);
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kString, &e)) return;
  Db& db = ctx.DbOf(key);
  const size_t old_length = e == nullptr ? 0 : e->StringLength();
  if (e == nullptr) e = db.SetString(key, "");
  std::span<char> bytes = db.MutableString(e, std::max<size_t>(old_length, offset / 8 + 1));
  char mask = static_cast<char>(0x80 >> (offset & 7));
  bool old = bytes[offset / 8] & mask;
  bit != 0 ? bytes[offset / 8] |= mask : bytes[offset / 8] &= ~mask;
  // A bit that was so already is no change, to watchers and the log.
  if (bytes.size() > old_length || old != (bit != 0)) ctx.Changed(key);
  ctx.reply.Integer(old);
}

void GetbitCommand(CommandContext& ctx) {
  uint64_t offset;
  if (!BitOffsetArg(ctx, 2, 0, &offset)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  char scratch[Entry::kIntTextBytes];
  ctx.reply.Integer(static_cast<int64_t>(bits::ReadField(e->StringView(scratch), offset, 1)));
}

// [start end [BYTE|BIT]] at args[at], as positions of the first and last bit; both counted from the
// end when negative.
struct BitRange {
  int64_t first = 0;
  int64_t last = 0;
  bool by_bit = false;

  // From units to bits of a string of `size` bytes. False when the range is empty.
  bool Resolve(int64_t size) {
    int64_t units = by_bit ? size * 8 : size;
    if (first < 0) first = std::max<int64_t>(0, first + units);
    if (last < 0) last = std::max<int64_t>(0, last + units);
    last = std::min(last, units - 1);
    if (first > last) return false;
    if (!by_bit) {
      first *= 8;
      last = last * 8 + 7;
    }
    return true;
  }
};

bool UnitArg(CommandContext& ctx, size_t i, BitRange* range) {
  range->by_bit = Is(ctx.args[i], "BIT");
  if (range->by_bit || Is(ctx.args[i], "BYTE")) return true;
  ReplySyntaxError(ctx);
  return false;
}

void BitcountCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  size_t words = ctx.args.size();
  BitRange range{0, -1};
  if (words == 4 || words == 5) {
    if (!IntegerArg(ctx, 2, &range.first) || !IntegerArg(ctx, 3, &range.last)) return;
    if (range.first < 0 && range.last < 0 && range.first > range.last) return ctx.reply.Integer(0);
    if (words == 5 && !UnitArg(ctx, 4, &range)) return;
  } else if (words != 2) {
    return ReplySyntaxError(ctx);
  }
  char scratch[Entry::kIntTextBytes];
  std::string_view bytes = e->StringView(scratch);
  if (!range.Resolve(static_cast<int64_t>(bytes.size()))) return ctx.reply.Integer(0);
  uint64_t count =
      bits::Count(bytes, static_cast<uint64_t>(range.first), static_cast<uint64_t>(range.last));
  ctx.reply.Integer(static_cast<int64_t>(count));
}

void BitposCommand(CommandContext& ctx) {
  int64_t bit;
  if (!IntegerArg(ctx, 2, &bit)) return;
  if (bit != 0 && bit != 1) return ctx.reply.Error(errors::kBitArgument);
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kString, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(bit ? -1 : 0);
  size_t words = ctx.args.size();
  BitRange range{0, -1};
  if (words > 6) return ReplySyntaxError(ctx);
  if (words > 3 && !IntegerArg(ctx, 3, &range.first)) return;
  if (words > 5 && !UnitArg(ctx, 5, &range)) return;
  if (words > 4 && !IntegerArg(ctx, 4, &range.last)) return;
  char scratch[Entry::kIntTextBytes];
  std::string_view bytes = e->StringView(scratch);
  if (!range.Resolve(static_cast<int64_t>(bytes.size()))) return ctx.reply.Integer(-1);
  uint64_t found = bits::Find(bytes, static_cast<uint64_t>(range.first),
                              static_cast<uint64_t>(range.last), bit != 0);
  if (found != bits::kNone) return ctx.reply.Integer(static_cast<int64_t>(found));
  // Without an end the string goes on with zeros.
  bool open_end = words < 5;
  ctx.reply.Integer(bit == 0 && open_end ? range.last + 1 : -1);
}

// clang-format off
constexpr CommandSpec kBitmapCommands[] = {
    {"setbit", 4, kWrite | kDenyOom, kFirst, Where::kKeys, SetbitCommand, "bitmap", ""},
    {"getbit", 3, kReadonly | kFast, kFirst, Where::kKeys, GetbitCommand, "bitmap", ""},
    {"bitcount", -2, kReadonly, kFirst, Where::kKeys, BitcountCommand, "bitmap", ""},
    {"bitpos", -3, kReadonly, kFirst, Where::kKeys, BitposCommand, "bitmap", ""},
    {"bitop", -4, kWrite | kDenyOom, {2, -1, 1}, Where::kKeys, BitopCommand, "bitmap", ""},
    {"bitfield", -2, kWrite | kDenyOom, kFirst, Where::kKeys, BitfieldCommand, "bitmap", ""},
    {"bitfield_ro", -2, kReadonly | kFast, kFirst, Where::kKeys, BitfieldCommand, "bitmap", ""},
};
// clang-format on

}  // namespace

std::span<const CommandSpec> BitmapCommands() { return kBitmapCommands; }

}  // namespace basalt
