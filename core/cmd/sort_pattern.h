// The patterns of SORT's BY and GET: "weight_*" names a string for each element, "user_*->age" a
// field of a hash, and "#" the element itself. The thread that runs SORT, with every key at hand.
#pragma once

#include <string>
#include <string_view>

#include "core/shard/command_context.h"

namespace basalt {

class SortPattern {
 public:
  explicit SortPattern(std::string_view text);

  // Whether what it names depends on the element.
  bool has_star() const { return has_star_; }
  // What it names for `element`; false when there is no such key or field, or it is of another
  // type. `*out` points into the value, into `element`, or into this object: valid until the next
  // call.
  bool Resolve(CommandContext& ctx, std::string_view element, std::string_view* out);

 private:
  bool self_;
  bool has_star_;
  std::string_view before_;  // of the star
  std::string_view after_;
  std::string_view field_;  // "": the key is a string
  std::string key_;
  std::string value_;
};

}  // namespace basalt
