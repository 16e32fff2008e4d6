#include "core/shard/stored_command.h"

#include <cstring>
#include <string>

#include "core/shard/hop.h"

namespace basalt {

StoredCommand::StoredCommand(const CommandSpec* command_spec, Args args, std::string_view raw)
    : spec(command_spec) {
  std::string written;
  if (raw.empty()) {
    AppendRequest(&written, args);
    raw = written;
  }
  size_ = raw.size();
  text_.reset(new char[size_]);
  std::memcpy(text_.get(), raw.data(), size_);
  words_.reserve(args.size());
  if (written.empty()) {
    for (std::string_view word : args)
      words_.emplace_back(text_.get() + (word.data() - raw.data()), word.size());
    return;
  }
  size_t at = 0;
  for (std::string_view word : args) {
    // Past "*n\r\n" or the word before stands "$n\r\n".
    at = this->raw().find('$', at);
    at = this->raw().find('\n', at) + 1;
    words_.emplace_back(text_.get() + at, word.size());
    at += word.size() + 2;
  }
}

}  // namespace basalt
