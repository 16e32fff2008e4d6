// Command line of basalt-loadgen. See options.h.
#include "tools/loadgen/options.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "tools/loadgen/builtin_mix.h"

namespace basalt::loadgen {
namespace {

constexpr char kHelp[] =
    R"(basalt-loadgen: load for a server that speaks the Redis protocol, on this machine only

  --host A            a loopback address (default 127.0.0.1); any other is refused
  --port N            (default 6379)
  --connections N     in all (default 50)
  --threads N         (default 1)
  --pipeline N        requests sent at once per connection (default 1)

  --mix A=W,B=W...    built-in requests with weights, "get=9,set=1"; the weight may be left out. Known:
                      ping get set incr append del exists getset mset:N mget:N exec:N exec-one:N eval eval2
                      lpush rpush lpop rpop lrange:N sadd sismember hset hget zadd zscore
  --command T         a request of your own, repeatable: words, "quoted words", and the placeholders
                      {key} a key, {n} its number alone, {value} a value,
                      {tag} one key for all its places in a request; " ; " joins several commands into
                      one request, as in "MULTI ; SET {key} {value} ; EXEC". Each {key} is drawn anew.
  --handover          instead of these: half of the connections wait in BLPOP, the others LPUSH to them; an item
                      handed over is one request

  --keys N            size of the key space (default 1000000)
  --key-size N        bytes per key (default 16)     --key-prefix S  (default key:)
  --value-size N      bytes per value (default 64)
  --distribution D    uniform (default), zipf, or seq: every key once, in order
  --zipf S            exponent of zipf (default 0.99)

  --duration S        seconds (default 5)            --count N    a number of requests instead
  --warmup S          seconds at the start that the figures leave out (default 0)
  --rate R            open loop: R requests per second whatever the server does; latency then counts from the
                      moment a request was due, so a stall is not hidden by requests that were never sent
  --poisson           open loop with random gaps, as from many independent clients
  --drain S           longest wait for the last replies (default 5)
  --seed N            of the random choices (default 1)
  --json              one JSON object instead of text
  --help

Without --rate each connection sends its next requests as soon as all replies to the last ones are in.
Exit status: 0 fine, 1 error replies or lost connections, 2 wrong use.
)";

bool ParseNumber(std::string_view text, uint64_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseNumber(std::string_view text, double* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && *out >= 0;
}

// Sets a number of any width with its bounds; false when the text is none or out of bounds.
template <class T>
bool SetBounded(std::string_view text, uint64_t low, uint64_t high, T* out) {
  uint64_t number = 0;
  if (!ParseNumber(text, &number) || number < low || number > high) return false;
  *out = static_cast<T>(number);
  return true;
}

bool IsLoopback(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool ParseDistribution(std::string_view text, Distribution* out) {
  if (text == "uniform") return *out = Distribution::kUniform, true;
  if (text == "zipf") return *out = Distribution::kZipf, true;
  if (text == "seq") return *out = Distribution::kSequential, true;
  return false;
}

bool SetFlag(std::string_view name, Options* o) {
  if (name == "--json") return o->json = true;
  if (name == "--poisson") return o->poisson = true;
  if (name == "--handover") return o->handover = true;
  return false;
}

// Sets one option with a value. False when the value is wrong; `*known` false when there is no such
// option.
bool SetValue(std::string_view name, std::string_view value, Options* o, bool* known) {
  constexpr uint64_t kAny = UINT64_MAX;
  *known = true;
  if (name == "--host") return o->host = value, true;
  if (name == "--port") return SetBounded(value, 1, 65535, &o->port);
  if (name == "--connections") return SetBounded(value, 1, 60000, &o->connections);
  if (name == "--threads") return SetBounded(value, 1, 256, &o->threads);
  if (name == "--pipeline") return SetBounded(value, 1, 100'000, &o->pipeline);
  if (name == "--mix") return AppendBuiltinMix(value, &o->mix);
  if (name == "--command") return o->mix.push_back({std::string(value), 1}), true;
  if (name == "--keys") return SetBounded(value, 1, UINT32_MAX, &o->keys);
  if (name == "--key-size") return SetBounded(value, 1, 1024, &o->key_size);
  if (name == "--key-prefix") return o->key_prefix = value, true;
  if (name == "--value-size") return SetBounded(value, 0, 512u << 20, &o->value_size);
  if (name == "--distribution") return ParseDistribution(value, &o->distribution);
  if (name == "--zipf") return ParseNumber(value, &o->zipf_exponent);
  if (name == "--count") return SetBounded(value, 1, kAny, &o->count);
  if (name == "--duration") return ParseNumber(value, &o->duration_s);
  if (name == "--warmup") return ParseNumber(value, &o->warmup_s);
  if (name == "--rate") return ParseNumber(value, &o->rate_per_s);
  if (name == "--drain") return ParseNumber(value, &o->drain_s);
  if (name == "--seed") return SetBounded(value, 0, kAny, &o->seed);
  *known = false;
  return false;
}

std::string CheckTogether(Options* o) {
  if (o->host == "localhost") o->host = "127.0.0.1";
  if (!IsLoopback(o->host)) return "--host must be an address in 127.0.0.0/8, not " + o->host;
  if (o->handover) {
    if (!o->mix.empty()) return "--handover sends requests of its own: no --mix and no --command";
    if (o->pipeline != 1 || o->rate_per_s > 0) return "--handover has no --pipeline and no --rate";
    if (o->connections % 2 != 0 || o->connections / 2 < o->threads)
      return "--handover needs an even number of connections, two for each thread";
  } else if (o->mix.empty()) {
    return "nothing to send: give --mix, --command or --handover";
  }
  if (o->key_prefix.size() >= o->key_size)
    return "--key-size leaves no room for a number after --key-prefix";
  uint64_t reach = 1;
  for (uint32_t i = 0; i < o->digits() && reach < o->keys; ++i) reach *= 10;
  if (reach < o->keys) return "--keys has more digits than --key-size leaves room for";
  if (o->threads > o->connections) return "--threads is larger than --connections";
  if (o->count == 0 && o->warmup_s >= o->duration_s)
    return "--warmup must be shorter than --duration";
  return "";
}

}  // namespace

const char* HelpText() { return kHelp; }

std::string ParseOptions(int argc, char** argv, Options* options, bool* help) {
  for (int i = 1; i < argc; ++i) {
    std::string_view name = argv[i], value;
    if (name == "--help" || name == "-h") return *help = true, "";
    if (SetFlag(name, options)) continue;
    if (size_t equals = name.find('='); equals != name.npos) {
      value = name.substr(equals + 1), name = name.substr(0, equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      return "no such option, or its value is missing: " + std::string(name);
    }
    bool known = false;
    if (!SetValue(name, value, options, &known)) {
      return (known ? "bad value for " : "no such option: ") + std::string(name) +
             (known ? ": " + std::string(value) : "");
    }
  }
  return CheckTogether(options);
}

}  // namespace basalt::loadgen
