#include "core/cmd/arguments.h"

#include <algorithm>

#include "core/admin/config.h"
#include "core/shard/world.h"

namespace basalt {

bool IntegerArgIn(CommandContext& ctx, size_t i, int64_t min, int64_t max, int64_t* out,
                  std::string_view error) {
  int64_t value;
  if (!IntegerArg(ctx, i, &value, error.empty() ? errors::kNotInteger : error)) return false;
  if (value < min || value > max) {
    if (!error.empty()) {
      ctx.reply.Error(error);
    } else {
      ctx.reply.Error(StrCat("ERR value is out of range, value must between ", min, " and ", max));
    }
    return false;
  }
  *out = value;
  return true;
}

bool DoubleArg(CommandContext& ctx, size_t i, double* out, std::string_view error) {
  if (ParseDouble(ctx.args[i], out)) return true;
  ctx.reply.Error(error);
  return false;
}

bool DbArg(CommandContext& ctx, size_t i, DbIndex* out, std::string_view error) {
  int64_t value;
  if (!IntArg(ctx, i, &value, error)) return false;
  if (value < 0 || value >= ctx.local().databases()) {
    ctx.reply.Error(errors::kDbOutOfRange);
    return false;
  }
  *out = DbIndex(static_cast<uint8_t>(value));
  return true;
}

void ReplyWrongArity(CommandContext& ctx) { ReplyWrongArity(ctx, ctx.spec->name); }

void ReplyWrongArity(CommandContext& ctx, std::string_view full_name) {
  ctx.reply.Error(errors::WrongArity(full_name));
}

size_t MaxStringBytes(const CommandContext& ctx) {
  if (ctx.world() == nullptr) return kMaxStringBytes;
  return std::min(kMaxStringBytes, static_cast<size_t>(ctx.world()->config().proto_max_bulk_len));
}

bool FindCountedKeys(Args args, std::vector<uint32_t>* positions) {
  int64_t keys;
  if (args.size() < 3 || !ParseInt64(args[1], &keys)) return false;
  if (keys < 1 || keys > static_cast<int64_t>(args.size() - 2)) return false;
  for (uint32_t i = 0; i < keys; ++i) positions->push_back(2 + i);
  return true;
}

bool ClipRange(int64_t size, int64_t* first, int64_t* last) {
  if (*first < 0) *first = std::max<int64_t>(0, *first + size);
  if (*last < 0) *last += size;
  *last = std::min(*last, size - 1);
  return *first <= *last;
}

}  // namespace basalt
