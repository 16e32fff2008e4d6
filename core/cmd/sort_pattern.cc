#include "core/cmd/sort_pattern.h"

#include "core/value/hash.h"

namespace basalt {

SortPattern::SortPattern(std::string_view text) : self_(text == "#") {
  size_t star = text.find('*');
  has_star_ = star != std::string_view::npos;
  if (!has_star_) return;
  before_ = text.substr(0, star);
  after_ = text.substr(star + 1);
  size_t arrow = after_.find("->");
  if (arrow != std::string_view::npos && arrow + 2 < after_.size()) {
    field_ = after_.substr(arrow + 2);
    after_ = after_.substr(0, arrow);
  }
}

bool SortPattern::Resolve(CommandContext& ctx, std::string_view element, std::string_view* out) {
  if (self_) {
    *out = element;
    return true;
  }
  if (!has_star_) return false;
  key_.assign(before_).append(element).append(after_);
  const Entry* e = ctx.Find(key_);
  if (e == nullptr) return false;
  if (field_.empty()) {
    if (!e->is(ValueType::kString)) return false;
    value_ = e->StringCopy();
  } else {
    Element value;
    if (!e->is(ValueType::kHash) || !e->hash()->Get(field_, &value)) return false;
    value_ = value.text();
  }
  *out = value_;
  return true;
}

}  // namespace basalt
