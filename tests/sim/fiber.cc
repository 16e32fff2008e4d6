#include "tests/sim/fiber.h"

#include <sys/mman.h>

#include <utility>

#include "core/base/check.h"

namespace basalt::sim {
namespace {

constexpr size_t kStackBytes = 512 << 10;

// Stacks are used again: thousands of short lives follow each other.
std::vector<void*>& FreeStacks() {
  static auto* stacks = new std::vector<void*>();
  return *stacks;
}

Fiber* g_entering = nullptr;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  if (FreeStacks().empty()) {
    void* p = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    BASALT_CHECK(p != MAP_FAILED);
    FreeStacks().push_back(p);
  }
  stack_ = FreeStacks().back();
  FreeStacks().pop_back();
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = nullptr;
  makecontext(&context_, &Fiber::Enter, 0);
}

Fiber::~Fiber() { FreeStacks().push_back(stack_); }

void Fiber::Enter() {
  Fiber* self = g_entering;
  self->body_();
  self->ended_ = true;
  swapcontext(&self->context_, &self->resumer_);
}

void Fiber::Resume() {
  g_entering = this;
  swapcontext(&resumer_, &context_);
}

void Fiber::GiveWay() { swapcontext(&context_, &resumer_); }

}  // namespace basalt::sim
