// Fuzz target: bytes as an RDB file and as a RESTORE payload. Whatever loads must save, and load
// again to as many keys.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/crc.h"
#include "core/value/rdb_format.h"
#include "persistence/rdb/rdb_reader.h"
#include "persistence/rdb/rdb_writer.h"
#include "tests/support/memory_files.h"
#include "tests/support/values.h"

namespace basalt::rdb {
namespace {

bool Load(MemoryFiles& files, Keyspace& keyspace, uint64_t slice) {
  ReadOptions options;
  options.place = [&keyspace](std::string_view) { return &keyspace; };
  options.checksum = false;
  options.buffer_bytes = 64;
  auto reader = RdbReader::Open(files, "f/in.rdb", options);
  if (!reader.ok()) return false;
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = (*reader)->Step(slice);
  return done.ok();
}

void FuzzFile(std::string_view data) {
  MemoryFiles files;
  Keyspace first(1), second(2);
  files["f/in.rdb"] = data;
  if (!Load(files, first, 100)) return;
  if (!SaveShard(first, files, "f/in.rdb", {}, {}).ok()) std::abort();
  if (!Load(files, second, 1 << 20) || second.TotalKeys() != first.TotalKeys()) std::abort();
}

// The footer is put right, or the checksum would hide everything behind it.
void FuzzPayload(std::string_view data) {
  std::string payload(data);
  const uint16_t version = kWriteVersion;
  payload.append(reinterpret_cast<const char*>(&version), sizeof version);
  const uint64_t crc = Crc64(0, payload);
  payload.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  absl::StatusOr<DecodedValue> value = RestoreValue(payload);
  if (!value.ok()) return;
  const OwnedEntry entry = MakeEntry("key", *std::move(value));
  absl::StatusOr<DecodedValue> again = RestoreValue(DumpValue(*entry));
  if (!again.ok() || Describe(*MakeEntry("key", *std::move(again))) != Describe(*entry))
    std::abort();
}

}  // namespace
}  // namespace basalt::rdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  basalt::rdb::FuzzFile(bytes);
  basalt::rdb::FuzzPayload(bytes);
  return 0;
}
