// What it costs to cut a pipeline into commands, and to write the replies to it. `commands` per
// second is the figure to watch; for instructions per command run it under callgrind with
// --benchmark_filter and divide.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/strings.h"
#include "core/resp/reply.h"
#include "core/resp/request_parser.h"

namespace basalt {
namespace {

std::string Request(const std::vector<std::string>& words) {
  std::string out = StrCat("*", words.size(), "\r\n");
  for (const std::string& word : words) StrAppend(&out, "$", word.size(), "\r\n", word, "\r\n");
  return out;
}

// As redis-benchmark sends them: 16-byte keys.
std::string SetRequest(size_t value) {
  return Request({"SET", "key:000000012345", std::string(value, 'x')});
}
std::string GetRequest() { return Request({"GET", "key:000000012345"}); }

void ParsePipeline(benchmark::State& state, const std::string& pipeline, size_t commands) {
  RequestParser parser;
  std::vector<std::string_view> args;
  std::string_view raw;
  for (auto _ : state) {
    std::string_view input = pipeline;
    size_t consumed;
    while (parser.Next(input, &consumed, &args, &raw) == RequestParser::Result::kCommand) {
      benchmark::DoNotOptimize(args.data());
      input.remove_prefix(consumed);
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * pipeline.size()));
  state.counters["commands"] = benchmark::Counter(
      static_cast<double>(state.iterations() * commands), benchmark::Counter::kIsRate);
  state.counters["bytes/command"] =
      static_cast<double>(pipeline.size()) / static_cast<double>(commands);
}

std::string Repeat(const std::string& request, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += request;
  return out;
}

// Arg: bytes of the value.
void BM_ParseSet(benchmark::State& state) {
  ParsePipeline(state, Repeat(SetRequest(static_cast<size_t>(state.range(0))), 16), 16);
}
BENCHMARK(BM_ParseSet)->Arg(3)->Arg(64)->Arg(1024);

void BM_ParseGet(benchmark::State& state) { ParsePipeline(state, Repeat(GetRequest(), 16), 16); }
BENCHMARK(BM_ParseGet);

// The two by turns, so that the number of arguments changes with every command.
void BM_ParseSetGetMix(benchmark::State& state) {
  ParsePipeline(state, Repeat(SetRequest(64) + GetRequest(), 8), 16);
}
BENCHMARK(BM_ParseSetGetMix);

// Arg: number of keys.
void BM_ParseMset(benchmark::State& state) {
  std::vector<std::string> words = {"MSET"};
  for (int64_t i = 0; i < state.range(0); ++i) {
    words.push_back(StrCat("key:", 100000000000 + i));
    words.emplace_back(32, 'x');
  }
  ParsePipeline(state, Request(words), 1);
}
BENCHMARK(BM_ParseMset)->Arg(10)->Arg(1000);

void BM_ParseInline(benchmark::State& state) { ParsePipeline(state, Repeat("PING\r\n", 16), 16); }
BENCHMARK(BM_ParseInline);

// A 1 MB value that arrives in 16 KB pieces.
void BM_ParseSetInPieces(benchmark::State& state) {
  const std::string request = SetRequest(1 << 20);
  RequestParser parser;
  std::vector<std::string_view> args;
  std::string_view raw;
  size_t consumed;
  for (auto _ : state) {
    for (size_t arrived = 16 << 10; arrived < request.size(); arrived += 16 << 10) {
      benchmark::DoNotOptimize(parser.Next({request.data(), arrived}, &consumed, &args, &raw));
    }
    benchmark::DoNotOptimize(parser.Next(request, &consumed, &args, &raw));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * request.size()));
}
BENCHMARK(BM_ParseSetInPieces);

template <class Write>
void WriteReplies(benchmark::State& state, Write write) {
  std::string out;
  out.reserve(64 << 10);
  Reply reply(&out, 2);
  for (auto _ : state) {
    for (int i = 0; i < 16; ++i) write(reply);
    benchmark::DoNotOptimize(out.data());
    out.clear();
  }
  state.counters["replies"] =
      benchmark::Counter(static_cast<double>(state.iterations() * 16), benchmark::Counter::kIsRate);
}

void BM_ReplyOk(benchmark::State& state) {
  WriteReplies(state, [](Reply& reply) { reply.Ok(); });
}
BENCHMARK(BM_ReplyOk);

void BM_ReplyBulk(benchmark::State& state) {
  const std::string value(static_cast<size_t>(state.range(0)), 'x');
  WriteReplies(state, [&](Reply& reply) { reply.Bulk(value); });
}
BENCHMARK(BM_ReplyBulk)->Arg(3)->Arg(64)->Arg(1024);

void BM_ReplyInteger(benchmark::State& state) {
  WriteReplies(state, [](Reply& reply) { reply.Integer(123456); });
}
BENCHMARK(BM_ReplyInteger);

}  // namespace
}  // namespace basalt
