// A log file must load in the real redis-server. Skipped where that is not installed.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

constexpr const char* kRedis = "/usr/bin/redis-server";

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  BASALT_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BASALT_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

// Sends one command to 127.0.0.1:port and returns the reply, or "" when nobody listens.
std::string Ask(int port, const std::string& command) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  std::string reply;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    BASALT_CHECK(write(fd, command.data(), command.size()) == static_cast<ssize_t>(command.size()));
    char buffer[4096];
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got > 0) reply.assign(buffer, static_cast<size_t>(got));
  }
  close(fd);
  return reply;
}

class RedisProcess {
 public:
  RedisProcess(const std::string& directory, int port) {
    pid_ = fork();
    if (pid_ == 0) {
      const std::string port_text = std::to_string(port);
      const std::string log = directory + "/redis.log";
      execl(kRedis, kRedis, "--port", port_text.c_str(), "--bind", "127.0.0.1", "--dir",
            directory.c_str(), "--appendonly", "yes", "--appendfilename", "log", "--appenddirname",
            "aof", "--save", "", "--logfile", log.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  ~RedisProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  // Whether it still runs.
  bool alive() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_;
};

TEST(RedisLoadsTest, FilesOfEveryShardLoadInRedisServer) {
  if (!std::filesystem::exists(kRedis)) GTEST_SKIP() << kRedis << " is not installed";
  char name[] = "/tmp/basalt-redis-loads-XXXXXX";
  const std::string directory = mkdtemp(name);
  std::filesystem::create_directory(directory + "/aof");

  // Two shards, several files, marks, transactions, binary values. Shards share no key, so Redis
  // may load one file after the other.
  LogWorld world(2, FsyncPolicy::kAlways);
  for (uint32_t shard = 0; shard < 2; ++shard) {
    LogWriter& writer = world.writer(shard);
    writer.Seal(RespCommand({"SELECT", "3"}) + RespCommand({"SET", StrCat("in3-", shard), "x"}) +
                    RespCommand({"SELECT", "0"}),
                3, Epoch(1), Epoch(0));
    writer.Seal(
        RespCommand({"SET", StrCat("binary-", shard), std::string("#BB1 \r\n\0\xff*3\r\n", 14)}), 1,
        Epoch(1), Epoch(0));
    writer.Seal({}, 0, Epoch(1), Epoch(1));
    world.Drain(shard);
    world.Rotate(shard);
    writer.Seal(RespCommand({"MULTI"}) + RespCommand({"INCRBY", StrCat("n-", shard), "41"}) +
                    RespCommand({"INCRBY", StrCat("n-", shard), "1"}) + RespCommand({"EXEC"}),
                4, Epoch(2), Epoch(1), TxPart{TxId(9), 2});
    world.Drain(shard);
  }
  std::string manifest;
  int sequence = 0;
  for (uint32_t shard = 0; shard < 2; ++shard) {
    for (size_t i = 0; i < 2; ++i) {
      const std::string file = StrCat("log.", ++sequence, ".incr.aof");
      auto out = PosixFileSystem().Open(directory + "/aof/" + file, OpenMode::kCreateEmpty);
      ASSERT_TRUE((*out)->Append(world.fs.Bytes(world.PathOfFile(shard, i))).ok());
      StrAppend(&manifest, "file ", file, " seq ", sequence, " type i\n");
    }
  }
  ASSERT_TRUE(PosixFileSystem().WriteAtomically(directory + "/aof/log.manifest", manifest).ok());

  const int port = FreePort();
  RedisProcess redis(directory, port);
  std::string size;
  while (redis.alive() && (size = Ask(port, "DBSIZE\r\n")).rfind(":", 0) != 0) usleep(10'000);
  const std::string log = *PosixFileSystem().ReadAll(directory + "/redis.log");
  EXPECT_EQ(size, ":4\r\n") << log;
  EXPECT_EQ(Ask(port, "GET n-0\r\n"), "$2\r\n42\r\n") << log;
  EXPECT_EQ(Ask(port, "GET n-1\r\n"), "$2\r\n42\r\n");
  EXPECT_EQ(Ask(port, "STRLEN binary-1\r\n"), ":14\r\n");
  EXPECT_NE(Ask(port, "INFO keyspace\r\n").find("db3:keys=2,"), std::string::npos);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace basalt
