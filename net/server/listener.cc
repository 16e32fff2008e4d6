#include "net/server/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/strings.h"

namespace basalt {
namespace {

// A predecessor that was killed has its sockets a moment longer: the kernel takes its io_uring
// apart, and lets go of what was pending on it, only after the process is gone.
constexpr int kBindTries = 40;
constexpr useconds_t kBindPauseMicros = 50'000;

bool BindPatiently(int fd, const addrinfo& address) {
  for (int i = 0;; ++i) {
    if (bind(fd, address.ai_addr, address.ai_addrlen) == 0) return true;
    if (errno != EADDRINUSE || i == kBindTries) return false;
    usleep(kBindPauseMicros);
  }
}

absl::StatusOr<int> ListenAt(const std::string& address, int port, int backlog) {
  bool v6 = address.find(':') != std::string::npos;
  addrinfo hints{};
  hints.ai_family = v6 ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const char* host = address == "*" || address == "::*" ? nullptr : address.c_str();
  addrinfo* found = nullptr;
  std::string where = StrCat(address, ":", port);
  if (int e = getaddrinfo(host, std::to_string(port).c_str(), &hints, &found); e != 0) {
    return absl::InvalidArgumentError(
        StrCat("cannot listen on ", where, ": ", std::string_view(gai_strerror(e))));
  }
  int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  bool ok = fd >= 0;
  if (ok) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (v6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    ok = BindPatiently(fd, *found) && listen(fd, backlog) == 0;
  }
  int error = errno;
  freeaddrinfo(found);
  if (ok) return fd;
  if (fd >= 0) close(fd);
  std::string text = StrCat("cannot listen on ", where, ": ", std::string_view(strerror(error)));
  if (error == EADDRINUSE) return absl::AlreadyExistsError(text);
  return absl::UnavailableError(text);
}

}  // namespace

absl::StatusOr<std::vector<int>> ListenOn(const std::vector<std::string>& bind, int port,
                                          int backlog) {
  std::vector<int> sockets;
  for (const std::string& entry : bind) {
    bool optional = entry.starts_with('-');
    absl::StatusOr<int> fd = ListenAt(optional ? entry.substr(1) : entry, port, backlog);
    if (fd.ok()) {
      sockets.push_back(*fd);
    } else if (!optional || absl::IsAlreadyExists(fd.status())) {
      for (int s : sockets) close(s);
      return fd.status();
    }
  }
  if (sockets.empty())
    return absl::UnavailableError(StrCat("no address to listen on at port ", port));
  return sockets;
}

}  // namespace basalt
