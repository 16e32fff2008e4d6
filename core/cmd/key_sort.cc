// SORT and SORT_RO. Elements are copied out, given a weight each (a number, or a text under ALPHA),
// ordered, cut to LIMIT, and then answered or stored through the GET patterns.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/cmd/arguments.h"
#include "core/cmd/key_handlers.h"
#include "core/cmd/sort_pattern.h"
#include "core/value/list.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt {
namespace {

struct SortOptions {
  bool descending = false;
  bool alpha = false;
  int64_t offset = 0;
  int64_t count = -1;
  std::optional<SortPattern> by;
  std::vector<SortPattern> get;
  std::optional<std::string_view> store;

  bool Unsorted() const { return by && !by->has_star(); }
};

struct Item {
  std::string text;
  double number = 0;
  bool has_weight = true;  // under BY and ALPHA: whether there was one
  std::string weight;
};

bool ParseSortOptions(CommandContext& ctx, SortOptions* o) {
  const Args& args = ctx.args;
  bool may_store = ctx.spec->Has(kWrite);
  for (size_t i = 2; i < args.size(); ++i) {
    size_t more = args.size() - i - 1;
    if (Is(args[i], "ASC")) {
      o->descending = false;
    } else if (Is(args[i], "DESC")) {
      o->descending = true;
    } else if (Is(args[i], "ALPHA")) {
      o->alpha = true;
    } else if (Is(args[i], "LIMIT") && more >= 2) {
      if (!IntegerArg(ctx, i + 1, &o->offset) || !IntegerArg(ctx, i + 2, &o->count)) return false;
      i += 2;
    } else if (Is(args[i], "STORE") && may_store && more >= 1) {
      o->store = args[++i];
    } else if (Is(args[i], "BY") && more >= 1) {
      o->by.emplace(args[++i]);
    } else if (Is(args[i], "GET") && more >= 1) {
      o->get.emplace_back(args[++i]);
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  return true;
}

std::vector<Item> CopyElements(const Entry* e) {
  std::vector<Item> items;
  if (e == nullptr) return items;
  auto add = [&](std::string_view text) {
    items.push_back({.text = std::string(text)});
    return true;
  };
  if (e->is(ValueType::kList)) e->list()->ForEach(add);
  if (e->is(ValueType::kSet)) e->set()->ForEach(add);
  if (e->is(ValueType::kZSet))
    e->zset()->ForEach([&](std::string_view member, double) { return add(member); });
  return items;
}

// As strtod reads it, to the end of the text; "" is 0.
bool ParseWeight(std::string_view text, double* out) {
  if (text.empty()) {
    *out = 0;
    return true;
  }
  std::string copy(text);  // with a zero at the end
  char* end;
  errno = 0;
  *out = std::strtod(copy.c_str(), &end);
  return *end == '\0' && errno != ERANGE && !std::isnan(*out);
}

// False when a weight is no number.
bool WeighItems(CommandContext& ctx, SortOptions& o, std::vector<Item>& items) {
  bool all_numbers = true;
  for (Item& item : items) {
    std::string_view weight = item.text;
    if (o.by && !o.by->Resolve(ctx, item.text, &weight)) {
      item.has_weight = false;  // as a number: 0
      continue;
    }
    if (!o.alpha) {
      all_numbers &= ParseWeight(weight, &item.number);
    } else if (o.by) {
      item.weight = weight;
    }
  }
  return all_numbers;
}

int Compare(const SortOptions& o, const Item& a, const Item& b) {
  if (!o.alpha) {
    if (a.number != b.number) return a.number < b.number ? -1 : 1;
    return a.text.compare(b.text);
  }
  if (!o.by) return a.text.compare(b.text);
  if (a.has_weight != b.has_weight) return a.has_weight ? 1 : -1;
  return a.weight.compare(b.weight);
}

void SortItems(const SortOptions& o, std::vector<Item>& items) {
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    int order = Compare(o, a, b);
    return o.descending ? order > 0 : order < 0;
  });
}

// The part that LIMIT asks for.
std::span<const Item> Cut(const SortOptions& o, const std::vector<Item>& items) {
  int64_t size = static_cast<int64_t>(items.size());
  int64_t first = std::clamp<int64_t>(o.offset, 0, size);
  int64_t count = o.count < 0 ? size : std::min(o.count, size);
  count = std::min(count, size - first);
  return std::span(items).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
}

void ReplyItems(CommandContext& ctx, SortOptions& o, std::span<const Item> items) {
  ctx.reply.Array(items.size() * std::max<size_t>(1, o.get.size()));
  for (const Item& item : items) {
    if (o.get.empty()) ctx.reply.Bulk(item.text);
    for (SortPattern& pattern : o.get) {
      std::string_view text;
      pattern.Resolve(ctx, item.text, &text) ? ctx.reply.Bulk(text) : ctx.reply.Null();
    }
  }
}

void StoreItems(CommandContext& ctx, SortOptions& o, std::span<const Item> items) {
  auto list = std::make_unique<List>();
  for (const Item& item : items) {
    if (o.get.empty()) list->PushBack(item.text);
    for (SortPattern& pattern : o.get) {
      std::string_view text;
      list->PushBack(pattern.Resolve(ctx, item.text, &text) ? text : std::string_view());
    }
  }
  size_t size = list->Size();
  Db& db = ctx.DbOf(*o.store);
  if (size > 0) {
    db.AddValue(*o.store, ValueType::kList, list.release());
    ctx.Changed(*o.store, static_cast<int>(size));
  } else if (db.Delete(*o.store)) {
    ctx.Changed(*o.store);
  }
  ctx.reply.Integer(static_cast<int64_t>(size));
}

bool Sortable(const Entry& e) {
  return e.is(ValueType::kList) || e.is(ValueType::kSet) || e.is(ValueType::kZSet);
}

}  // namespace

void SortCommand(CommandContext& ctx) {
  SortOptions o;
  if (!ParseSortOptions(ctx, &o)) return;
  const Entry* e = ctx.Find(ctx.args[1]);
  CountLookup(ctx, e);
  if (e != nullptr && !Sortable(*e)) return ctx.reply.Error(errors::kWrongType);

  bool unsorted = o.Unsorted();
  if (unsorted && o.store && e != nullptr && e->is(ValueType::kSet)) {
    // A set has no order of its own: what is stored must be the same wherever the command is
    // repeated.
    unsorted = false;
    o.alpha = true;
    o.by.reset();
  }
  std::vector<Item> items = CopyElements(e);
  if (!unsorted) {
    if (!WeighItems(ctx, o, items)) {
      return ctx.reply.Error("ERR One or more scores can't be converted into double");
    }
    SortItems(o, items);
  } else if (o.descending && e != nullptr && !e->is(ValueType::kSet)) {
    std::reverse(items.begin(), items.end());
  }
  std::span<const Item> chosen = Cut(o, items);
  o.store ? StoreItems(ctx, o, chosen) : ReplyItems(ctx, o, chosen);
}

}  // namespace basalt
