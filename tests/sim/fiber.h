// A function with a stack of its own that runs until it gives way. Owner: one thread.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace basalt::sim {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it gives way or ends. Not from within a fiber.
  void Resume();
  // From within: back to who resumed it.
  void GiveWay();
  bool ended() const { return ended_; }

 private:
  static void Enter();

  std::function<void()> body_;
  void* stack_;
  ucontext_t context_;
  ucontext_t resumer_;
  bool ended_ = false;
};

}  // namespace basalt::sim
