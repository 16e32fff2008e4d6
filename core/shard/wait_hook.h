// How one shard waits for another where all of them share one thread: in the simulator (tests/sim).
// A server has none: its threads spin, and then sleep in the kernel.
#pragma once

#include "absl/functional/function_ref.h"

namespace basalt {

class WaitHook {
 public:
  virtual ~WaitHook() = default;
  // Lets the other shards run until `done`, which has no effects of its own.
  virtual void WaitUntil(absl::FunctionRef<bool()> done) = 0;
  // Between two stages of a tick: the thread may lose its core here for a while, as anywhere else.
  virtual void MayPause() = 0;
};

}  // namespace basalt
