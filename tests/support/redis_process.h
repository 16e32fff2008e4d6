// A redis-server of the machine, for tests that hold ours against it: started on a free port of
// 127.0.0.1 in a folder of its own, stopped by its process id. One thread; every command waits for
// its reply.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/strings.h"
#include "core/resp/reply_parser.h"

namespace basalt {

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "basalt-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class RedisProcess {
 public:
  static constexpr char kServer[] = "/usr/bin/redis-server";
  static bool IsInstalled() { return access(kServer, X_OK) == 0; }

  // Starts in `folder` (loading its dump.rdb) and waits until it answers. Null when it does not
  // come up.
  static std::unique_ptr<RedisProcess> Start(const std::string& folder,
                                             std::vector<std::string> options = {}) {
    for (int attempt = 0; attempt < 5; ++attempt) {  // another process may take the port first
      std::unique_ptr<RedisProcess> server(new RedisProcess(folder, FreePort(), options));
      if (server->WaitUntilUp()) return server;
    }
    return nullptr;
  }
  ~RedisProcess() {
    if (fd_ >= 0) close(fd_);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  ReplyValue Command(const std::vector<std::string>& args) {
    std::string request = StrCat("*", args.size(), "\r\n");
    for (const std::string& arg : args) StrAppend(&request, "$", arg.size(), "\r\n", arg, "\r\n");
    for (size_t sent = 0; sent < request.size();) {
      const ssize_t n = send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return Lost();
      sent += static_cast<size_t>(n);
    }
    ReplyValue reply;
    char buffer[65536];
    while (parser_.Next(&reply) == ReplyParser::Result::kNeedMore) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) return Lost();
      parser_.Feed({buffer, static_cast<size_t>(n)});
    }
    return reply;
  }

 private:
  RedisProcess(const std::string& folder, int port, const std::vector<std::string>& options)
      : port_(port) {
    std::vector<std::string> args = {
        kServer, "--port",    std::to_string(port), "--bind", "127.0.0.1", "--save", "", "--dir",
        folder,  "--logfile", folder + "/redis.log"};
    args.insert(args.end(), options.begin(), options.end());
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      execv(kServer, argv.data());
      _exit(127);
    }
  }

  static int FreePort() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Address(0);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    close(fd);
    return ntohs(address.sin_port);
  }
  static sockaddr_in Address(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  bool WaitUntilUp() {
    for (int tries = 0; tries < 1000; ++tries) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) return false;
      fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = Address(port_);
      if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
          Command({"PING"}).text == "PONG") {
        return true;
      }
      close(fd_);
      fd_ = -1;
      poll(nullptr, 0, 10);  // the server tells nobody when it is ready
    }
    return false;
  }
  static ReplyValue Lost() {
    ReplyValue reply;
    reply.type = ReplyValue::Type::kError;
    reply.text = "connection lost";
    return reply;
  }

  pid_t pid_;
  int port_;
  int fd_ = -1;
  ReplyParser parser_;
};

}  // namespace basalt
