// notify-keyspace-events: a set of classes, written as letters.
#include "core/admin/option_kinds.h"
#include "core/admin/option_values.h"

namespace basalt::options {
namespace {

struct Letter {
  char letter;
  uint32_t bits;
};
// In the order in which CONFIG GET shows them. 'A' goes first, standing for its classes if all of
// them are on.
constexpr Letter kClasses[] = {
    {'g', kNotifyGeneric}, {'$', kNotifyString}, {'l', kNotifyList},    {'s', kNotifySet},
    {'h', kNotifyHash},    {'z', kNotifyZset},   {'x', kNotifyExpired}, {'e', kNotifyEvicted},
    {'t', kNotifyStream},  {'d', kNotifyModule}, {'n', kNotifyNew},
};
constexpr Letter kTargets[] = {
    {'K', kNotifyKeyspace}, {'E', kNotifyKeyevent}, {'m', kNotifyKeyMiss}};

uint32_t BitsOf(char letter) {
  if (letter == 'A') return kNotifyAll;
  for (const Letter& c : kClasses) {
    if (c.letter == letter) return c.bits;
  }
  for (const Letter& c : kTargets) {
    if (c.letter == letter) return c.bits;
  }
  return 0;
}

}  // namespace

absl::Status SetNotify(const Option&, OptionWords words, Config& config) {
  std::string letters;
  if (absl::Status status = ReadString(words, &letters); !status.ok()) return status;
  uint32_t bits = 0;
  for (char letter : letters) {
    uint32_t added = BitsOf(letter);
    if (added == 0) {
      return absl::InvalidArgumentError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    }
    bits |= added;
  }
  config.notify_keyspace_events = bits;
  return absl::OkStatus();
}

std::string GetNotify(const Config& config) {
  uint32_t bits = config.notify_keyspace_events;
  std::string out;
  if ((bits & kNotifyAll) == kNotifyAll) {
    // Redis leaves 'n' out here, and with it CONFIG REWRITE would lose the class; we do not.
    out = (bits & kNotifyNew) ? "An" : "A";
  } else {
    for (const Letter& c : kClasses) {
      if (bits & c.bits) out += c.letter;
    }
  }
  for (const Letter& c : kTargets) {
    if (bits & c.bits) out += c.letter;
  }
  return out;
}

}  // namespace basalt::options
