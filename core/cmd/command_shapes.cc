#include "core/cmd/command_shapes.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "core/cmd/command_key_specs.h"

namespace basalt {
namespace {

struct FlagName {
  CommandFlag flag;
  std::string_view name;
};

constexpr FlagName kFlags[] = {
    {kWrite, "write"},
    {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

// In the order in which they are shown.
constexpr std::string_view kCategories[] = {
    "@keyspace",   "@read",        "@write",     "@set",         "@sortedset", "@list",
    "@hash",       "@string",      "@bitmap",    "@hyperloglog", "@geo",       "@stream",
    "@pubsub",     "@admin",       "@fast",      "@slow",        "@blocking",  "@dangerous",
    "@connection", "@transaction", "@scripting",
};

constexpr struct {
  std::string_view group, category;
} kGroupCategories[] = {
    {"generic", "@keyspace"},
    {"string", "@string"},
    {"list", "@list"},
    {"set", "@set"},
    {"sorted-set", "@sortedset"},
    {"hash", "@hash"},
    {"bitmap", "@bitmap"},
    {"hyperloglog", "@hyperloglog"},
    {"geo", "@geo"},
    {"stream", "@stream"},
    {"connection", "@connection"},
    {"transactions", "@transaction"},
    {"scripting", "@scripting"},
};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool Contains(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void WriteNames(const std::vector<std::string_view>& names, Reply& reply) {
  reply.Set(names.size());
  for (std::string_view name : names) reply.Simple(name);
}

void WriteMember(std::string_view name, int64_t value, Reply& reply) {
  reply.Bulk(name);
  reply.Integer(value);
}

void WriteKeySpec(const KeySpecRow& row, Reply& reply) {
  const bool unknown = row.find == KeySpecRow::Find::kUnknown;
  reply.Map(3);
  reply.Bulk("flags");
  WriteNames(Words(row.flags), reply);
  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk(unknown ? "unknown" : row.keyword.empty() ? "index" : "keyword");
  reply.Bulk("spec");
  if (unknown) {
    reply.Map(0);
  } else if (row.keyword.empty()) {
    reply.Map(1);
    WriteMember("index", row.index, reply);
  } else {
    reply.Map(2);
    reply.Bulk("keyword");
    reply.Bulk(row.keyword);
    WriteMember("startfrom", row.index, reply);
  }
  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  const bool range = row.find == KeySpecRow::Find::kRange;
  reply.Bulk(unknown ? "unknown" : range ? "range" : "keynum");
  reply.Bulk("spec");
  if (unknown) return reply.Map(0);
  reply.Map(3);
  WriteMember(range ? "lastkey" : "keynumidx", row.a, reply);
  WriteMember(range ? "keystep" : "firstkey", row.b, reply);
  WriteMember(range ? "limit" : "keystep", row.c, reply);
}

// First and last position and step of the keys that the row speaks of. False when there are none.
bool Locate(const KeySpecRow& row, Args args, int64_t* first, int64_t* last, int64_t* step) {
  const int64_t n = static_cast<int64_t>(args.size());
  *first = row.index;
  if (!row.keyword.empty()) {
    const int64_t way = row.index < 0 ? -1 : 1;
    int64_t i = row.index < 0 ? n + row.index : row.index;
    while (i > 0 && i < n && !EqualsNoCase(args[static_cast<size_t>(i)], row.keyword)) i += way;
    if (i <= 0 || i >= n) return false;
    *first = i + 1;
  }
  if (row.find == KeySpecRow::Find::kRange) {
    *step = row.b;
    *last = row.a < 0 ? n + row.a : *first + row.a;
    if (row.a == -1 && row.c > 1) *last = *first + (n - *first) / row.c - 1;
    return true;
  }
  const int64_t at = *first + row.a;
  int64_t count;
  if (row.find != KeySpecRow::Find::kCount || at >= n ||
      !ParseInt64(args[static_cast<size_t>(at)], &count))
    return false;
  *first += row.b;
  *step = row.c;
  *last = *first + (count - 1) * *step;
  return true;
}

}  // namespace

std::vector<std::string_view> FlagNames(const CommandSpec& spec) {
  std::vector<std::string_view> names;
  for (const FlagName& f : kFlags) {
    if (f.flag == kMovableKeys && spec.where == Where::kScript)
      names.push_back("no_mandatory_keys");
    if (spec.Has(f.flag)) names.push_back(f.name);
  }
  return names;
}

std::vector<std::string_view> CategoriesOf(const CommandSpec& spec) {
  std::vector<std::string_view> own = Words(spec.categories);
  if (spec.subcommands.empty()) {
    for (const auto& g : kGroupCategories) {
      if (g.group == spec.group) own.push_back(g.category);
    }
  }
  if (spec.Has(kWrite)) own.push_back("@write");
  if (spec.Has(kReadonly) && !Contains(own, "@scripting")) own.push_back("@read");
  if (spec.Has(kAdmin)) own.insert(own.end(), {"@admin", "@dangerous"});
  if (spec.Has(kPubSub)) own.push_back("@pubsub");
  if (spec.Has(kBlocking)) own.push_back("@blocking");
  own.push_back(spec.Has(kFast) ? "@fast" : "@slow");
  std::vector<std::string_view> ordered;
  for (std::string_view category : kCategories) {
    if (Contains(own, category)) ordered.push_back(category);
  }
  return ordered;
}

bool IsCategory(std::string_view name) {
  if (name.starts_with('@')) name.remove_prefix(1);
  return std::any_of(std::begin(kCategories), std::end(kCategories),
                     [&](std::string_view c) { return EqualsNoCase(c.substr(1), name); });
}

void WriteCommandInfo(const CommandSpec& spec, Reply& reply) {
  std::span<const KeySpecRow> rows = KeySpecRowsOf(spec.name);
  int first = spec.keys.first, last = spec.keys.last, step = spec.keys.step;
  if (first == 0 && rows.size() == 1 && rows[0].find == KeySpecRow::Find::kRange &&
      rows[0].keyword.empty()) {
    first = rows[0].index;
    last = rows[0].a < 0 ? rows[0].a : first + rows[0].a;
    step = rows[0].b;
  }
  reply.Array(10);
  reply.Bulk(spec.name);
  reply.Integer(spec.arity);
  WriteNames(FlagNames(spec), reply);
  reply.Integer(first);
  reply.Integer(last);
  reply.Integer(step);
  WriteNames(CategoriesOf(spec), reply);
  std::vector<std::string_view> tips = Words(spec.tips);
  reply.Set(tips.size());
  for (std::string_view tip : tips) reply.Bulk(tip);
  reply.Set(rows.size());
  for (const KeySpecRow& row : rows) WriteKeySpec(row, reply);
  reply.Set(spec.subcommands.size());
  for (const CommandSpec& sub : spec.subcommands) WriteCommandInfo(sub, reply);
}

std::vector<std::string_view> KeyFlagsAt(const CommandSpec& spec, Args args, uint32_t position) {
  // SET reads the old value only when asked to.
  if (std::string_view(spec.name) == "set") {
    bool get = std::any_of(args.begin() + 3, args.end(),
                           [](std::string_view w) { return EqualsNoCase(w, "get"); });
    return Words(get ? "RW access update" : "OW update");
  }
  std::span<const KeySpecRow> rows = KeySpecRowsOf(spec.name);
  for (const KeySpecRow& row : rows) {
    int64_t first, last, step;
    if (!Locate(row, args, &first, &last, &step)) continue;
    if (position >= first && position <= last && (position - first) % step == 0)
      return Words(row.flags);
  }
  return Words(rows.empty() ? (spec.Has(kWrite) ? "RW access update" : "RO access")
                            : rows[0].flags);
}

}  // namespace basalt
