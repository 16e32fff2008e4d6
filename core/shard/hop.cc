#include "core/shard/hop.h"

#include <charconv>

namespace basalt {
namespace {

// Buffers larger than this are given back instead of being kept for the next tick.
constexpr size_t kKeepBytes = 256 * 1024;

void AppendHeader(std::string* out, char type, size_t n) {
  char text[24];
  text[0] = type;
  char* end = std::to_chars(text + 1, text + 21, n).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out->append(text, end);
}

}  // namespace

void AppendRequest(std::string* out, Args args) {
  AppendHeader(out, '*', args.size());
  for (std::string_view word : args) {
    AppendHeader(out, '$', word.size());
    out->append(word);
    out->append("\r\n", 2);
  }
}

HopCommand& HopBatch::Add(const CommandSpec* spec, Client* client, uint64_t ticket, DbIndex db,
                          int resp, Args args, std::string_view raw) {
  const auto text_begin = static_cast<uint32_t>(text.size());
  HopCommand& command =
      commands.emplace_back(HopCommand{.spec = spec,
                                       .client = client,
                                       .ticket = ticket,
                                       .first_word = static_cast<uint32_t>(words.size()),
                                       .word_count = static_cast<uint32_t>(args.size()),
                                       .text_begin = text_begin,
                                       .text_end = 0,
                                       .db = db,
                                       .resp = static_cast<uint8_t>(resp),
                                       .alone = false,
                                       .members = 0});
  if (!raw.empty()) {
    for (std::string_view word : args) {
      words.push_back({text_begin + static_cast<uint32_t>(word.data() - raw.data()),
                       static_cast<uint32_t>(word.size())});
    }
    text.append(raw);
  } else {
    AppendHeader(&text, '*', args.size());
    for (std::string_view word : args) {
      AppendHeader(&text, '$', word.size());
      words.push_back({static_cast<uint32_t>(text.size()), static_cast<uint32_t>(word.size())});
      text.append(word);
      text.append("\r\n", 2);
    }
  }
  command.text_end = static_cast<uint32_t>(text.size());
  return command;
}

void HopBatch::Clear() {
  commands.clear();
  words.clear();
  results.clear();
  unreleased = 0;
  for (std::string* s : {&text, &replies}) {
    s->clear();
    if (s->capacity() > kKeepBytes) s->shrink_to_fit();
  }
}

}  // namespace basalt
