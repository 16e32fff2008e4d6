// Stands in for libFuzzer where that is not built in: runs a bounded number of inputs made from
// seeds, so that every fuzz target is also an ordinary test.
//
//   <target> [seed file] [--runs=N] [--seed=S] [--replay=<run>]
//
// A seed file holds one input per line, with \r \n \t \\ \" and \xHH for what a line cannot hold.
// Run i of seed S is always the same input; when a run dies, the last line printed says how to
// repeat it alone. One thread.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

char g_repeat[128];

void TellHowToRepeat(int signal_number) {
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, g_repeat, std::strlen(g_repeat));
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

std::string Unescape(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      out += line[i];
      continue;
    }
    const char c = line[++i];
    if (c == 'x' && i + 2 < line.size()) {
      out +=
          static_cast<char>(std::strtol(std::string(line.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
  }
  return out;
}

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {
    if (seeds_.empty()) seeds_.emplace_back();
    for (const std::string& seed : seeds_) alphabet_ += seed;
    if (alphabet_.empty()) alphabet_ = std::string("\0", 1);
  }

  std::string Make(uint64_t seed) {
    random_.seed(seed);
    std::string input = random_() % 16 == 0 ? std::string() : Pick();
    if (random_() % 4 == 0) input += Pick();
    for (size_t edits = random_() % 8; edits > 0; --edits) Edit(&input);
    input.insert(input.begin(), Byte());  // targets take their choices from the first byte
    return input;
  }

 private:
  const std::string& Pick() { return seeds_[random_() % seeds_.size()]; }
  // Mostly a byte that means something to the format.
  char Byte() {
    return random_() % 4 == 0 ? static_cast<char>(random_())
                              : alphabet_[random_() % alphabet_.size()];
  }

  void Edit(std::string* input) {
    const size_t at = random_() % (input->size() + 1);
    const size_t n = 1 + random_() % 16;
    switch (random_() % 7) {
      case 0:
        input->insert(at, 1, Byte());
        break;
      case 1:
        input->erase(at, n);
        break;
      case 2:
        if (at < input->size()) (*input)[at] = Byte();
        break;
      case 3:
        if (at < input->size())
          (*input)[at] = static_cast<char>((*input)[at] ^ (1 << random_() % 8));
        break;
      case 4:
        input->insert(at, input->substr(random_() % (input->size() + 1), n));
        break;
      case 5:
        input->insert(at, n * n, Byte());
        break;
      default:
        input->resize(at);
    }
  }

  std::vector<std::string> seeds_;
  std::string alphabet_;
  std::mt19937_64 random_;
};

bool Option(const char* argument, const char* name, uint64_t* value) {
  const size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0) return false;
  *value = std::strtoull(argument + length, nullptr, 0);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t runs = 20000, seed = std::random_device{}(), replay = UINT64_MAX;
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    if (Option(argv[i], "--runs=", &runs) || Option(argv[i], "--seed=", &seed) ||
        Option(argv[i], "--replay=", &replay)) {
      continue;
    }
    std::ifstream file(argv[i]);
    if (!file) return std::fprintf(stderr, "cannot read %s\n", argv[i]), 2;
    for (std::string line; std::getline(file, line);) seeds.push_back(Unescape(line));
  }
  std::printf("seed %llu, %llu runs\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(runs));
  std::fflush(stdout);
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) signal(number, TellHowToRepeat);
  Mutator mutator(seeds);
  for (uint64_t run = 0; run < runs; ++run) {
    if (replay != UINT64_MAX && run != replay) continue;
    std::snprintf(g_repeat, sizeof(g_repeat), "repeat with --seed=%llu --replay=%llu\n",
                  static_cast<unsigned long long>(seed), static_cast<unsigned long long>(run));
    const std::string input = mutator.Make(seed * 0x9e3779b97f4a7c15u + run);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  }
  return 0;
}
