// What a higher folder hangs on a shard or on the world without their knowing what it is: the script engine's state.
#pragma once

namespace basalt {

class Extension {
 public:
  virtual ~Extension() = default;
};

}  // namespace basalt
