// FunctionRegistry: the function libraries of the server. A library is immutable; the engines of
// the shards load those they lack into their own Vm when the version tells them to. Changes come
// from FUNCTION commands, which run with every shard parked, and from loading, where several shards
// replay the same changes at once: therefore the lock. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basalt::script {

struct FunctionInfo {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;  // ScriptFlag
};

struct Library {
  std::string name;
  std::string code;
  std::vector<FunctionInfo> functions;
};

class FunctionRegistry {
 public:
  using LibraryPtr = std::shared_ptr<const Library>;
  using Libraries = std::map<std::string, LibraryPtr, std::less<>>;

  enum class OnCollision {
    kRefuse,
    kReplaceLibrary,  // a library of the same name goes; a function of the same name in another is
                      // an error
    kReplaceAll,      // for replay: whatever stands in the way goes
  };

  // Compiles `code` in a Vm of its own to learn what it registers, and adds it. Empty, or the whole
  // error reply. *name, if given, gets the library's name.
  std::string Load(std::string_view code, OnCollision how, std::string* name = nullptr);
  // False: no such library.
  bool Delete(std::string_view name);
  size_t Flush();
  // All libraries of a DUMP payload, or none. Empty, or the whole error reply.
  std::string Restore(std::string_view payload, bool flush, OnCollision how);
  std::string Dump();

  // All libraries as they are now.
  Libraries All();
  // Moves on with every change.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

  struct Usage {
    size_t libraries = 0;
    size_t functions = 0;
    size_t bytes = 0;
  };
  Usage usage();

 private:
  static std::string Add(Libraries& libraries, LibraryPtr library, OnCollision how);
  static LibraryPtr Compile(std::string_view code, std::string* error);
  void Publish(Libraries libraries);

  std::mutex mutex_;
  Libraries libraries_;
  std::atomic<uint64_t> version_{1};
};

}  // namespace basalt::script
