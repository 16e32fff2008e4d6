// What a message between two shards costs: the queue alone on one thread, and a round trip between
// two threads in batches.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "core/shard/mailbox.h"

namespace basalt {
namespace {

Message Make(uint16_t from, uint64_t value) {
  return {.kind = Message::Kind::kCloseEpoch, .from = ShardId(from), .value = value};
}

// `range(0)` messages are sent and then drained, all on one thread: instructions, not waiting.
void SendAndDrain(benchmark::State& state) {
  Mailboxes mail(2);
  uint64_t sum = 0;
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i)
      mail.Send(ShardId(1), Make(0, static_cast<uint64_t>(i)));
    mail.Drain(ShardId(1), [&](const Message& m) { sum += m.value; });
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(SendAndDrain)->Arg(1)->Arg(16)->Arg(128);

// A drain of an empty inbox, which every idle tick pays; it must not grow with the number of
// shards.
void DrainNothing(benchmark::State& state) {
  Mailboxes mail(static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(mail.Drain(ShardId(0), [](const Message&) {}));
}
BENCHMARK(DrainNothing)->Arg(1)->Arg(8)->Arg(64);

// The other thread sends every message back; both spin.
void RoundTrip(benchmark::State& state) {
  Mailboxes mail(2);
  std::atomic<bool> stop{false};
  std::thread echo([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      mail.Drain(ShardId(1), [&](const Message& m) { mail.Send(ShardId(0), Make(1, m.value)); });
    }
  });
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) mail.Send(ShardId(1), Make(0, 1));
    for (int64_t back = 0; back < state.range(0);)
      back += mail.Drain(ShardId(0), [](const Message&) {});
  }
  stop = true;
  echo.join();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(RoundTrip)->Arg(1)->Arg(16)->UseRealTime();

}  // namespace
}  // namespace basalt
