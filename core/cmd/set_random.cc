// SPOP and SRANDMEMBER. The log gets what was drawn, not that something was drawn.

#include <algorithm>
#include <string>
#include <vector>

#include "core/cmd/arguments.h"
#include "core/cmd/set_handlers.h"
#include "core/value/set.h"

namespace basalt {
namespace {

// Members in one SREM of the log: keeps records at a size that replay reads in one go.
constexpr size_t kMembersPerRecord = 1024;

void LogRemoved(CommandContext& ctx, std::string_view key,
                const std::vector<std::string>& members) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < members.size();) {
    words.assign({"SREM", key});
    const size_t end = std::min(members.size(), i + kMembersPerRecord);
    for (; i < end; ++i) words.push_back(members[i]);
    ctx.LogInstead(Args{words.data(), words.size()});
  }
}

void ReplyMembers(CommandContext& ctx, const Set& set) {
  set.ForEach([&](std::string_view member) {
    ctx.reply.Bulk(member);
    return true;
  });
}

void PopOne(CommandContext& ctx, std::string_view key) {
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kSet, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  std::string member;
  e->set()->PopRandom(ctx.local().rng, &member);
  if (e->set()->Size() == 0) ctx.DbOf(key).DeleteEntry(e);
  ctx.Changed(key);
  ctx.LogInstead({"SREM", key, member});
  ctx.reply.Bulk(member);
}

void PopSeveral(CommandContext& ctx, std::string_view key, size_t count) {
  Entry* e;
  if (!FindOfType(ctx, key, ValueType::kSet, &e)) return;
  if (e == nullptr || count == 0) return ctx.reply.Set(0);
  Set& set = *e->set();
  const size_t size = set.Size();
  if (count >= size) {
    ctx.reply.Set(size);
    ReplyMembers(ctx, set);
    ctx.DbOf(key).DeleteEntry(e);
    ctx.Changed(key, static_cast<int>(size));
    return ctx.LogInstead({"DEL", key});
  }
  std::vector<std::string> members;
  members.reserve(count);
  set.RandomDistinct(ctx.local().rng, count,
                     [&](std::string_view member) { members.emplace_back(member); });
  ctx.reply.Set(count);
  for (const std::string& member : members) {
    set.Remove(member);
    ctx.reply.Bulk(member);
  }
  ctx.Changed(key, static_cast<int>(count));
  LogRemoved(ctx, key, members);
}

}  // namespace

void SpopCommand(CommandContext& ctx) {
  if (ctx.args.size() == 2) return PopOne(ctx, ctx.args[1]);
  if (ctx.args.size() > 3) return ReplySyntaxError(ctx);
  int64_t count;
  if (!IntegerArgIn(ctx, 2, 0, INT64_MAX, &count, errors::kMustBePositive)) return;
  PopSeveral(ctx, ctx.args[1], static_cast<size_t>(count));
}

void SrandmemberCommand(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ReplySyntaxError(ctx);
  const bool several = ctx.args.size() == 3;
  int64_t count = 1;
  if (several && !IntegerArgIn(ctx, 2, -INT64_MAX, INT64_MAX, &count)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kSet, &e)) return;
  Random& random = ctx.local().rng;
  auto reply = [&](std::string_view member) { ctx.reply.Bulk(member); };

  if (!several) {
    if (e == nullptr) return ctx.reply.Null();
    Element member;
    e->set()->RandomMember(random, &member);
    return reply(member.text());
  }
  if (e == nullptr || count == 0) return ctx.reply.EmptyArray();
  const Set& set = *e->set();
  if (count < 0) {
    if (count < -kRandomRepeatsMax) return ctx.reply.Error(errors::kValueOutOfRange);
    ctx.reply.Array(static_cast<size_t>(-count));
    return set.RandomRepeated(random, static_cast<size_t>(-count), reply);
  }
  const size_t taken = std::min(static_cast<size_t>(count), set.Size());
  ctx.reply.Array(taken);
  if (taken < set.Size()) return set.RandomDistinct(random, taken, reply);
  ReplyMembers(ctx, set);
}

}  // namespace basalt
