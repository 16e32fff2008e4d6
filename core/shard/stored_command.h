// One command with memory of its own, for commands that outlive the receive buffer they came in.
// Immutable once made, so any thread may read it while its owner keeps it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/shard/command_spec.h"

namespace basalt {

class StoredCommand {
 public:
  // `raw` is the command as RESP, which the words point into; or empty (inline commands): then it
  // is written anew.
  StoredCommand(const CommandSpec* command_spec, Args args, std::string_view raw);
  StoredCommand(StoredCommand&&) = default;
  StoredCommand& operator=(StoredCommand&&) = default;

  const CommandSpec* spec;
  Args args() const { return {words_.data(), words_.size()}; }
  std::string_view raw() const { return {text_.get(), size_}; }

 private:
  std::unique_ptr<char[]> text_;  // the command as RESP; words_ point into it
  size_t size_ = 0;
  std::vector<std::string_view> words_;
};

}  // namespace basalt
