// What a higher folder hangs on a shard or on the world without their knowing what it is: the
// script engine's state.
#pragma once

namespace basalt {

struct Args;
struct CommandSpec;

class Extension {
 public:
  virtual ~Extension() = default;
};

// The script engine of a shard (core/script).
class ScriptHost : public Extension {
 public:
  // Whether the script that these words call is known to touch no key but those it declares,
  // whatever its arguments are.
  virtual bool KeepsToItsKeys(const CommandSpec& spec, Args args) = 0;
};

}  // namespace basalt
