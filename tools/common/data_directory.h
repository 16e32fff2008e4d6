// What a path that a tool was given is, and whether a server is using it. Blocking file work; one
// thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/file.h"

namespace basalt::tools {

// Where a log stands, and what kind of log.
struct LogPlace {
  enum class Kind {
    kOwn,          // a folder with our manifest, or with our files and none
    kRedisFolder,  // a folder with redis-server's manifest
    kOwnFile,      // one file of a shard's log
    kRedisFile,    // one file of redis-server, with or without an RDB head
  };
  Kind kind = Kind::kOwn;
  std::string folder;  // that the files stand in
  std::string stem;    // appendfilename, of folders
  std::string file;    // name of the single file
};

// `path` is a log's folder, the data directory above one, a manifest or a log file. NotFound and
// InvalidArgument tell the user what is missing.
absl::StatusOr<LogPlace> FindLog(FileSystem& fs, const std::string& path);

// Whether a server runs on the data directory that `path` (a file or folder) is in, or is; one
// folder up counts, too, as the log has a folder of its own. Takes nothing and creates nothing.
bool ServerRunsAt(FileSystem& fs, const std::string& path);
// Holds every basalt.lock there, so that no server starts meanwhile; FailedPrecondition when one
// runs.
absl::StatusOr<std::vector<std::unique_ptr<DirectoryLock>>> LockAgainstServers(
    FileSystem& fs, const std::string& path);

// The path without '/' at its end.
std::string Trimmed(std::string_view path);
// The last part of a path.
std::string NameOf(std::string_view path);

}  // namespace basalt::tools
