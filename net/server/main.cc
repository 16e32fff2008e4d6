// basalt-server: reads the configuration, starts the server, waits for its end.
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <string>

#include "core/admin/arguments.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "net/server/server.h"

namespace basalt {
namespace {

int Complain(const absl::Status& status) {
  fprintf(stderr, "basalt-server: %s\n", std::string(MessageOf(status)).c_str());
  return 1;
}

// SIGTERM, SIGINT and SIGCHLD are read from the returned descriptor; every thread started later
// inherits the mask.
int TakeSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error of the write, as a full disk is
  signal(SIGHUP, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

int Main(int argc, char** argv) {
  Config config;
  absl::StatusOr<Invocation> invocation = ParseArguments(argc, argv, config);
  if (!invocation.ok()) return Complain(invocation.status());
  if (!invocation->run) {
    fputs(invocation->text.c_str(), stdout);
    return 0;
  }
  if (!ConfigureLog(static_cast<LogLevel>(config.loglevel), config.logfile)) {
    return Complain(
        absl::InvalidArgumentError("cannot open the log file '" + config.logfile + "'"));
  }
  int signals = TakeSignals();
  Server server(&config);
  if (absl::Status s = server.Start(); !s.ok()) {
    LogWarning("Cannot start: ", MessageOf(s));
    return Complain(s);
  }
  if (!config.pidfile.empty()) {
    if (FILE* f = fopen(config.pidfile.c_str(), "w")) {
      fprintf(f, "%d\n", static_cast<int>(getpid()));
      fclose(f);
    }
  }
  return server.Run(signals);
}

}  // namespace
}  // namespace basalt

int main(int argc, char** argv) { return basalt::Main(argc, argv); }
