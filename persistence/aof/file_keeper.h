// A thread that does the log's blocking file work, so that no shard ever waits for it: creates and
// lists the next incremental file of a shard, closes files that are full. One for the server; its
// calls come from any shard. On a file system that takes calls of one thread only there is no
// thread, and the callers wait.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "core/base/ids.h"
#include "persistence/aof/manifest_store.h"

namespace basalt {

class FileKeeper {
 public:
  explicit FileKeeper(ManifestStore* store);
  ~FileKeeper();  // finishes what was asked for

  // Asks for the next incremental file of a shard, of so many bytes. `done` turns true when
  // `result` may be read.
  struct Request {
    ShardId shard;
    uint64_t file_size = 0;
    std::atomic<bool> done{false};
    absl::StatusOr<ManifestStore::OpenedFile> result = absl::UnknownError("not ready");
  };
  std::shared_ptr<Request> AskForFile(ShardId shard, uint64_t file_size);
  // A rewrite is about to list the file that each shard will be cut over to. From then on until the
  // cut no shard goes on to another one, which would stand behind that file in the manifest and
  // before it in the log.
  void HoldRotations(bool on) { held_.store(on, std::memory_order_release); }
  bool rotations_held() const { return held_.load(std::memory_order_acquire); }
  // Takes over a file that the writer no longer uses; it is closed in the background.
  void CloseLater(std::unique_ptr<File> file);

 private:
  void Run();
  void Do(Request& request);

  ManifestStore& store_;
  const bool threadless_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Request>> requests_;
  std::deque<std::unique_ptr<File>> closing_;
  bool stopping_ = false;
  std::atomic<bool> held_{false};
  std::thread thread_;
};

}  // namespace basalt
