// A base for tests of command handlers: runs commands against one keyspace as a shard does, without
// shards. One thread.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cmd/all_commands.h"
#include "core/resp/errors.h"
#include "core/resp/reply_parser.h"
#include "core/script/engine.h"
#include "core/shard/command_context.h"
#include "core/store/keyspace.h"

namespace basalt {

// Errors that many commands answer.
inline constexpr const char* kWrongType =
    "-WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr const char* kNotInteger = "-ERR value is not an integer or out of range";
inline constexpr const char* kNotPositive = "-ERR value is out of range, must be positive";

class CommandFixture : public ::testing::Test {
 protected:
  static constexpr int64_t kStartMs = 1'700'000'000'000;

  CommandFixture() {
    keyspace_.SetTimeMicros(kStartMs * 1000);
    keyspace_.journal().set_enabled(true);
  }

  Keyspace& keyspace() { return keyspace_; }
  void AdvanceMillis(int64_t ms) { keyspace_.SetTimeMicros(keyspace_.now_us + ms * 1000); }
  void UseResp(int resp) { resp_ = resp; }
  void UseDb(DbIndex db) { db_ = db; }
  // From now on blocking commands may wait; with a key, as when they are tried again for it.
  void AllowBlocking(std::optional<std::string> only_key = std::nullopt) {
    may_block_ = true;
    only_key_ = std::move(only_key);
  }
  // What the last command asked to wait for, "list key1 key2 50ms"; "" when it did not.
  const std::string& waits_for() const { return waits_for_; }

  // The reply's bytes to the words of a command.
  std::string RawReply(const std::vector<std::string>& words) {
    std::vector<std::string_view> views(words.begin(), words.end());
    const Args args{views.data(), views.size()};
    std::string out;
    CommandContext::Setting setting;
    setting.local = &keyspace_;
    setting.may_block = may_block_;
    const std::string_view only_key = only_key_ ? std::string_view(*only_key_) : "";
    if (only_key_) setting.only_key = &only_key;
    setting.commands = &AllCommands();
    setting.scripts = &scripts_;
    CommandContext context(setting, &out, resp_);
    const CommandSpec* spec = AllCommands().Find(args);
    if (spec == nullptr) {
      context.reply.Error(errors::UnknownCommand(words[0], views.data() + 1, views.size() - 1));
    } else if (!spec->ArityFits(args.size())) {
      context.reply.Error(errors::WrongArity(spec->name));
    } else {
      context.set_db(db_);
      context.Begin(*spec, args, {});
      context.Run();
    }
    waits_for_.clear();
    if (const auto& block = context.block_request()) {
      waits_for_ = TypeName(block->type);
      for (std::string_view key : block->keys) waits_for_.append(" ").append(key);
      waits_for_.append(" ").append(std::to_string(block->timeout_ms)).append("ms");
    }
    return out;
  }

  // The reply to the words, short: texts and integers bare, "-ERR ..." for errors, nil, [arrays]
  // and {maps} with spaces in between.
  std::string Reply(const std::vector<std::string>& words) { return Short(Parse(RawReply(words))); }
  // The same for a line of words separated by single spaces; "''" is the empty word.
  std::string Run(std::string_view line) { return Reply(Words(line)); }
  std::string RunRaw(std::string_view line) { return RawReply(Words(line)); }
  ReplyValue RunValue(std::string_view line) { return Parse(RunRaw(line)); }

  // What was logged since the last call, one line of words per record.
  std::string TakeLog() {
    ReplyParser parser;
    parser.Feed(keyspace_.journal().TakeRecords());
    std::string lines;
    for (ReplyValue record; parser.Next(&record) == ReplyParser::Result::kReply;) {
      if (!lines.empty()) lines += '\n';
      for (size_t i = 0; i < record.elements.size(); ++i)
        lines += (i > 0 ? " " : "") + record.elements[i].text;
    }
    return lines;
  }

  static std::vector<std::string> Words(std::string_view line) {
    std::vector<std::string> words;
    while (true) {
      const size_t end = line.find(' ');
      const std::string_view word = line.substr(0, end);
      words.emplace_back(word == "''" ? std::string_view() : word);
      if (end == std::string_view::npos) return words;
      line.remove_prefix(end + 1);
    }
  }

 private:
  static ReplyValue Parse(const std::string& bytes) {
    ReplyParser parser;
    parser.Feed(bytes);
    ReplyValue value;
    EXPECT_EQ(parser.Next(&value), ReplyParser::Result::kReply) << bytes;
    EXPECT_EQ(parser.pending(), 0u) << "more than one reply: " << bytes;
    return value;
  }

  static std::string Short(const ReplyValue& value) {
    using Type = ReplyValue::Type;
    if (value.type == Type::kInteger) return std::to_string(value.integer);
    if (value.is_null()) return "nil";
    if (value.is_error()) return "-" + value.text;
    if (!value.is_aggregate()) return value.text;
    std::string out(value.type == Type::kMap ? "{" : value.type == Type::kSet ? "~[" : "[");
    for (const ReplyValue& element : value.elements) {
      if (&element != value.elements.data()) out += ' ';
      out += Short(element);
    }
    return out + (value.type == Type::kMap ? '}' : ']');
  }

  Keyspace keyspace_;
  script::ScriptStore script_store_{&AllCommands()};
  script::ScriptEngine scripts_{&script_store_};
  DbIndex db_{0};
  int resp_ = 2;
  bool may_block_ = false;
  std::optional<std::string> only_key_;
  std::string waits_for_;
};

}  // namespace basalt
