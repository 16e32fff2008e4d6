// What one record costs on its way into the log: sealing, checksum and hand-over to the ring, by
// records per batch. Nothing is written: the LogIo completes at once. Under callgrind or
// `perf stat -e instructions:u` the same run gives instructions.
#include <string>
#include <utility>

#include "benchmark/benchmark.h"
#include "persistence/aof/log_writer.h"

namespace basalt {
namespace {

class NoDisk final : public LogIo {
 public:
  void SubmitWrite(int, uint64_t, std::string_view data, bool then_sync) override {
    written_ = static_cast<int>(data.size());
    synced_ = then_sync;
  }
  void SubmitSync(int) override { synced_ = true; }
  void Complete(LogWriter& writer) {
    if (written_ > 0) writer.OnWriteDone(std::exchange(written_, 0));
    if (std::exchange(synced_, false)) writer.OnSyncDone(0);
  }

 private:
  int written_ = 0;
  bool synced_ = false;
};

std::string SetRecord(size_t value_size) {
  return "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$" + std::to_string(value_size) + "\r\n" +
         std::string(value_size, 'x') + "\r\n";
}

void BM_SealAndPump(benchmark::State& state) {
  const auto records = static_cast<uint32_t>(state.range(0));
  std::string batch;
  for (uint32_t i = 0; i < records; ++i) batch += SetRecord(static_cast<size_t>(state.range(1)));
  NoDisk disk;
  LogWriter::Options options;
  options.policy = state.range(2) ? FsyncPolicy::kAlways : FsyncPolicy::kEverySecond;
  LogWriter writer(&disk, options);
  writer.Open(LogFile{}, Lsn(0));
  uint64_t epoch = 1;
  for (auto _ : state) {
    ++epoch;
    benchmark::DoNotOptimize(writer.Seal(batch, records, Epoch(epoch), Epoch(epoch - 1)));
    writer.Pump(static_cast<int64_t>(epoch) * 20);
    disk.Complete(writer);
  }
  state.SetItemsProcessed(state.iterations() * records);
  state.SetBytesProcessed(static_cast<int64_t>(writer.written_lsn().value));
  state.counters["bytes_per_record"] = static_cast<double>(writer.written_lsn().value) /
                                       static_cast<double>(state.iterations() * records);
}
BENCHMARK(BM_SealAndPump)
    ->ArgNames({"records", "value", "always"})
    ->ArgsProduct({{1, 16, 128}, {16, 512}, {0, 1}});

}  // namespace
}  // namespace basalt
