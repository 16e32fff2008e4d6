// Encoding of templates and batches. See request.h.
#include "tools/loadgen/request.h"

#include <cstring>

namespace basalt::loadgen {
namespace {

// Splits a template into commands of words; a lone ";" ends a command. False when a quote is left
// open.
bool Split(std::string_view text, std::vector<std::vector<std::string>>* commands) {
  commands->assign(1, {});
  size_t i = 0;
  while (i < text.size()) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    std::string word;
    bool quoted = false;
    char quote = 0;
    for (; i < text.size() && (quote != 0 || text[i] != ' '); ++i) {
      const char c = text[i];
      if (quote != 0 ? c == quote : (c == '"' || c == '\'') && word.empty()) {
        quote = quote != 0 ? 0 : c;
        quoted = true;
      } else {
        word += c;
      }
    }
    if (quote != 0) return false;
    if (word == ";" && !quoted) {
      commands->emplace_back();
    } else {
      commands->back().push_back(std::move(word));
    }
  }
  for (const auto& command : *commands) {
    if (command.empty()) return false;
  }
  return true;
}

// Printable bytes without a pattern that a compressor would find; the same in every run.
std::string MakeValue(uint32_t size) {
  std::mt19937_64 random(size);
  std::string value(size, ' ');
  for (char& c : value) c = static_cast<char>('0' + random() % 64);
  return value;
}

// What a placeholder puts before its number, and how that is drawn.
struct Placeholder {
  std::string_view name;
  bool has_prefix;
  NumberPlace::Draw draw;
};
constexpr Placeholder kPlaceholders[] = {
    {"{key}", true, NumberPlace::Draw::kOwn},
    {"{n}", false, NumberPlace::Draw::kOwn},
    {"{tag}", true, NumberPlace::Draw::kTagFirst},
};

const Placeholder* FindPlaceholder(std::string_view text) {
  for (const Placeholder& placeholder : kPlaceholders) {
    if (text.starts_with(placeholder.name)) return &placeholder;
  }
  return nullptr;
}

struct Word {
  std::string bytes;
  std::vector<NumberPlace> numbers;
};

Word Substitute(std::string_view text, const Options& options, const std::string& value) {
  const std::string number(options.digits(), '0');
  Word word;
  while (!text.empty()) {
    if (const Placeholder* placeholder = FindPlaceholder(text)) {
      if (placeholder->has_prefix) word.bytes += options.key_prefix;
      word.numbers.push_back({word.bytes.size(), placeholder->draw});
      word.bytes += number;
      text.remove_prefix(placeholder->name.size());
    } else if (text.starts_with("{value}")) {
      word.bytes += value;
      text.remove_prefix(7);
    } else {
      word.bytes += text.front();
      text.remove_prefix(1);
    }
  }
  return word;
}

void AppendCommand(const std::vector<std::string>& words, const Options& options,
                   const std::string& value, Request* request) {
  AppendHeader('*', words.size(), &request->bytes);
  for (const std::string& text : words) {
    const Word word = Substitute(text, options, value);
    AppendHeader('$', word.bytes.size(), &request->bytes);
    for (const NumberPlace& place : word.numbers) {
      request->numbers.push_back({request->bytes.size() + place.at, place.draw});
    }
    request->bytes += word.bytes + "\r\n";
  }
  ++request->replies;
}

constexpr char kPairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "4748"
    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495"
    "969798"
    "99";
static_assert(sizeof(kPairs) == 201);

// Of the {tag} of a request the first one draws.
void MarkRepeatedTags(Request* request) {
  bool seen = false;
  for (NumberPlace& place : request->numbers) {
    if (place.draw == NumberPlace::Draw::kOwn) continue;
    if (seen) place.draw = NumberPlace::Draw::kTagAgain;
    seen = true;
  }
}

void WriteDigits(char* at, uint32_t digits, uint64_t number) {
  char* p = at + digits;
  while (p - at >= 2) {
    p -= 2;
    std::memcpy(p, kPairs + number % 100 * 2, 2);
    number /= 100;
  }
  if (p != at) *at = static_cast<char>('0' + number % 10);
}

}  // namespace

void AppendHeader(char kind, size_t count, std::string* out) {
  *out += kind;
  *out += std::to_string(count) + "\r\n";
}

std::string BuildRequests(const Options& options, std::vector<Request>* requests) {
  const std::string value = MakeValue(options.value_size);
  for (const MixEntry& entry : options.mix) {
    std::vector<std::vector<std::string>> commands;
    if (!Split(entry.text, &commands)) return "cannot read this request: " + entry.text;
    Request request;
    request.weight = entry.weight;
    for (const auto& words : commands) AppendCommand(words, options, value, &request);
    MarkRepeatedTags(&request);
    requests->push_back(std::move(request));
  }
  return "";
}

Batch::Batch(const std::vector<Request>& requests, uint32_t size, uint32_t digits,
             std::mt19937_64& random)
    : digits_(digits) {
  std::vector<uint32_t> weights;
  for (const Request& request : requests) weights.push_back(request.weight);
  std::discrete_distribution<size_t> draw(weights.begin(), weights.end());
  for (uint32_t i = 0; i < size; ++i) {
    const Request& request = requests[draw(random)];
    for (const NumberPlace& place : request.numbers) {
      numbers_.push_back({bytes_.size() + place.at, place.draw});
    }
    bytes_ += request.bytes;
    parts_.push_back({bytes_.size(), numbers_.size(), request.replies});
  }
}

void Batch::DrawKeys(KeyChooser& chooser, uint32_t count) {
  const size_t end = parts_[count - 1].numbers_end;
  uint64_t tag = 0;
  for (size_t i = 0; i < end; ++i) {
    const NumberPlace& place = numbers_[i];
    const uint64_t number = place.draw == NumberPlace::Draw::kTagAgain ? tag : chooser.Next();
    if (place.draw == NumberPlace::Draw::kTagFirst) tag = number;
    WriteDigits(bytes_.data() + place.at, digits_, number);
  }
}

}  // namespace basalt::loadgen
