// One row of the option table, and the pieces that rows are made of: how a kind of value is read,
// written and described. Everything here is constant and immutable; any thread. A reader changes
// its Config only when it succeeds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/admin/config.h"

namespace basalt {

using OptionWords = std::span<const std::string>;

enum class OptionKind : uint8_t { kBool, kInt, kMemory, kEnum, kString, kWords };

enum OptionFlag : uint8_t {
  kImmutable = 1 << 0,  // CONFIG SET refuses it
  kProtected = 1 << 1,  // CONFIG SET refuses it unless enable-protected-configs says otherwise
  kSecret = 1 << 2,     // kept out of the log and of the slow log
  kRepeats = 1 << 3,  // a config file may hold several lines of it, each adding to the ones before
};

// What has to be done, beyond the new value being seen, when an option changes. The
// server acts on these.
enum class OptionHook : uint8_t {
  kNone,
  kListen,       // port, bind: open and close listening sockets
  kMaxclients,   // raise the limit of open files, or refuse
  kLog,          // loglevel: ConfigureLog
  kDir,          // dir: where snapshots and logs go from now on
  kPassword,     // requirepass
  kSave,         // save points
  kAppendonly,   // start (with a rewrite) or stop the log
  kAppendFsync,  // fsync and mark every log
  kMemory,       // maxmemory and policy: evict at once if needed
  kEncodings,    // thresholds between packed and full structures
  kSlowlog,
  kLatency,
  kNotify,
  kHz,
  kCount,
};

struct OptionHooks {  // a set of OptionHook
  uint32_t bits = 0;
  void Add(OptionHook hook) {
    if (hook != OptionHook::kNone) bits |= 1u << static_cast<int>(hook);
  }
  bool Has(OptionHook hook) const { return (bits >> static_cast<int>(hook)) & 1; }
  bool empty() const { return bits == 0; }
};

struct EnumName {
  std::string_view name;
  int value;
};

struct Option {
  std::string_view name;
  std::string_view alias;  // the older name that Redis also takes, or ""
  OptionKind kind;
  uint8_t flags;
  OptionHook hook;
  int64_t min, max;  // kInt, kMemory: of the value; kWords: fewest words (max unused)
  std::span<const EnumName> names;  // kEnum
  absl::Status (*set)(const Option&, OptionWords, Config&);
  std::string (*get)(const Config&);  // as CONFIG GET shows it
  // As lines of a config file, without the name: more than one for kRepeats.
  std::vector<std::string> (*lines)(const Config&);
  std::string_view help;

  bool Is(OptionFlag flag) const { return flags & flag; }
};

// All options that Basalt honours, in the order of CONFIG GET and of the help text.
std::span<const Option> OptionTable();

// The row whose name or alias is `name` (case does not matter), or null.
const Option* FindOption(std::string_view name);

}  // namespace basalt
