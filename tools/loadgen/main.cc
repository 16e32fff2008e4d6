// basalt-loadgen: starts the workers, adds up what they saw, prints it. The main thread only.
#include <sys/resource.h>

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "tools/loadgen/handover.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/request.h"
#include "tools/loadgen/worker.h"

namespace basalt::loadgen {
namespace {

struct Quantile {
  const char* name;
  double fraction;
};
constexpr Quantile kQuantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

struct Summary {
  WorkerResult all;
  double seconds = 0;
  double cpu_seconds = 0;

  double PerSecond() const { return seconds > 0 ? static_cast<double>(all.measured) / seconds : 0; }
  bool clean() const {
    return all.replies.errors == 0 && all.lost_connections == 0 && all.unanswered == 0;
  }
};

void Add(const WorkerResult& part, Summary* sum) {
  WorkerResult& all = sum->all;
  all.latency.Merge(part.latency);
  all.measured += part.measured;
  all.answered += part.answered;
  all.never_sent += part.never_sent;
  all.unanswered += part.unanswered;
  all.lost_connections += part.lost_connections;
  all.replies.errors += part.replies.errors;
  all.replies.nils += part.replies.nils;
  for (const auto& [text, times] : part.replies.error_texts) all.replies.error_texts[text] += times;
  const double seconds = static_cast<double>(part.measured_to_ns - part.measured_from_ns) / 1e9;
  sum->seconds = std::max(sum->seconds, seconds);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= 0x20) out += static_cast<char>(c);
  }
  return out + "\"";
}

void PrintJson(const Options& options, const Summary& sum) {
  const WorkerResult& all = sum.all;
  std::printf("{\"ops\":%" PRIu64 ",\"ops_answered\":%" PRIu64
              ",\"seconds\":%.6f,\"ops_per_s\":%.1f,",
              all.measured, all.answered, sum.seconds, sum.PerSecond());
  std::printf("\"rate_asked_per_s\":%.1f,\"never_sent\":%" PRIu64 ",\"unanswered\":%" PRIu64 ",",
              options.rate_per_s, all.never_sent, all.unanswered);
  std::printf("\"lost_connections\":%" PRIu64 ",\"nils\":%" PRIu64 ",\"errors\":%" PRIu64
              ",\"error_texts\":{",
              all.lost_connections, all.replies.nils, all.replies.errors);
  const char* comma = "";
  for (const auto& [text, times] : all.replies.error_texts) {
    std::printf("%s%s:%" PRIu64, comma, JsonString(text).c_str(), times);
    comma = ",";
  }
  std::printf("},\"cpu_seconds\":%.4f,\"latency_us\":{\"mean\":%.3f", sum.cpu_seconds,
              all.latency.mean_ns() / 1e3);
  for (const Quantile& q : kQuantiles) {
    std::printf(",\"%s\":%.3f", q.name,
                static_cast<double>(all.latency.Quantile(q.fraction)) / 1e3);
  }
  std::printf(",\"max\":%.3f}}\n", static_cast<double>(all.latency.max_ns()) / 1e3);
}

void PrintText(const Options& options, const Summary& sum) {
  const WorkerResult& all = sum.all;
  std::printf("%.0f requests per second  (%" PRIu64 " in %.2f s, %u connections, pipeline %u)\n",
              sum.PerSecond(), all.measured, sum.seconds, options.connections, options.pipeline);
  std::printf("latency in us:  mean %.1f", all.latency.mean_ns() / 1e3);
  for (const Quantile& q : kQuantiles) {
    std::printf("  %s %.1f", q.name, static_cast<double>(all.latency.Quantile(q.fraction)) / 1e3);
  }
  std::printf("  max %.1f%s\n", static_cast<double>(all.latency.max_ns()) / 1e3,
              options.rate_per_s > 0 ? "  (since due)" : "");
  std::printf("load generator: %.2f s of CPU, %.0f ns per request\n", sum.cpu_seconds,
              all.answered > 0 ? sum.cpu_seconds * 1e9 / static_cast<double>(all.answered) : 0);
  if (all.replies.nils > 0) std::printf("nil replies: %" PRIu64 "\n", all.replies.nils);
  if (all.never_sent > 0) {
    std::printf("could not hold the rate: %" PRIu64 " requests were due but never sent\n",
                all.never_sent);
  }
  if (all.unanswered > 0) std::printf("unanswered: %" PRIu64 "\n", all.unanswered);
  if (all.lost_connections > 0)
    std::printf("lost connections: %" PRIu64 "\n", all.lost_connections);
  if (all.replies.errors > 0) std::printf("ERROR REPLIES: %" PRIu64 "\n", all.replies.errors);
  for (const auto& [text, times] : all.replies.error_texts) {
    std::printf("  %" PRIu64 " x %s\n", times, text.c_str());
  }
}

int Run(const Options& options) {
  std::vector<Request> requests;
  if (std::string wrong = BuildRequests(options, &requests); !wrong.empty()) {
    std::fprintf(stderr, "basalt-loadgen: %s\n", wrong.c_str());
    return 2;
  }
  const std::vector<uint32_t> zipf_table = DrawZipfTable(options);
  std::vector<std::unique_ptr<LoadThread>> workers;
  for (uint32_t i = 0; i < options.threads; ++i) {
    if (options.handover) {
      workers.push_back(std::make_unique<Handover>(options, i));
    } else {
      workers.push_back(std::make_unique<Worker>(options, requests, zipf_table, i));
    }
    if (!workers.back()->Connect()) {
      std::fprintf(stderr, "basalt-loadgen: %s\n", workers.back()->result().failure.c_str());
      return 1;
    }
  }
  Summary sum;
  const double cpu_before = CpuSeconds();
  const uint64_t start_ns = MonotonicNanos();
  std::vector<std::thread> threads;
  for (auto& worker : workers) threads.emplace_back([&worker, start_ns] { worker->Run(start_ns); });
  for (std::thread& thread : threads) thread.join();
  sum.cpu_seconds = CpuSeconds() - cpu_before;
  for (auto& worker : workers) Add(worker->result(), &sum);
  options.json ? PrintJson(options, sum) : PrintText(options, sum);
  return sum.clean() ? 0 : 1;
}

}  // namespace
}  // namespace basalt::loadgen

int main(int argc, char** argv) {
  basalt::loadgen::Options options;
  bool help = false;
  const std::string wrong = basalt::loadgen::ParseOptions(argc, argv, &options, &help);
  if (help) {
    std::fputs(basalt::loadgen::HelpText(), stdout);
    return 0;
  }
  if (!wrong.empty()) {
    std::fprintf(stderr, "basalt-loadgen: %s\n(--help says more)\n", wrong.c_str());
    return 2;
  }
  return basalt::loadgen::Run(options);
}
