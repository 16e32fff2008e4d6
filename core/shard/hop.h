// A hop: the commands that one shard sends another in one tick, and their replies back, in one
// object that travels both ways.
//
// The sender fills `commands`, `words` and `text` and hands the object over; from then on it
// belongs to the receiver, which runs the commands, fills `replies` and `results` and hands it
// back. Mailboxes order the two hand-overs; nobody else sees it. A shard also keeps its own
// answers that have to wait in line in the `replies` of one that never travels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/shard/command_spec.h"

namespace basalt {

class Client;

struct HopCommand {
  const CommandSpec* spec;
  Client* client;       // the sender's; the receiver never looks inside
  uint64_t ticket;      // place in the client's reply queue
  uint32_t first_word;  // words[first_word .. +word_count)
  uint32_t word_count;
  uint32_t text_begin;  // the command as RESP: text[text_begin .. text_end)
  uint32_t text_end;
  DbIndex db;
  uint8_t resp;
  bool alone;  // nothing of its connection follows before its answer: the connection is paused
  uint32_t members;  // of EXEC: that many commands follow which are its transaction; they have no
                     // answers of their own
};

struct HopResult {
  uint64_t begin;  // replies[begin .. end)
  uint64_t end;
  uint64_t gate;   // batch of the receiver's log that must be durable first; 0: none
  bool escalated;  // nothing was done: the command needs every shard parked
};

struct HopBatch {
  struct Word {
    uint32_t begin;
    uint32_t size;
  };

  ShardId from;
  ShardId to;
  std::vector<HopCommand> commands;
  std::vector<Word> words;
  std::string text;
  std::string replies;
  std::vector<HopResult> results;
  uint32_t unreleased = 0;  // sender: results whose bytes are still borrowed
  uint32_t deferred = 0;    // receiver: commands that wait for a transaction

  std::string_view WordAt(uint32_t index) const {
    return {text.data() + words[index].begin, words[index].size};
  }
  // Some words as views into `text`, in `scratch`, which only grows; what was there before is gone.
  Args Words(uint32_t first, uint32_t count, std::vector<std::string_view>* scratch) const {
    if (scratch->size() < count) scratch->resize(count);
    for (uint32_t i = 0; i < count; ++i) (*scratch)[i] = WordAt(first + i);
    return {scratch->data(), count};
  }
  Args WordsOf(const HopCommand& command, std::vector<std::string_view>* scratch) const {
    return Words(command.first_word, command.word_count, scratch);
  }
  std::string_view RawOf(const HopCommand& command) const {
    return {text.data() + command.text_begin, command.text_end - command.text_begin};
  }
  // Copies a command into the batch. `raw` is its RESP text as received, or empty (inline): then it
  // is written anew. Returns the command as added, for what is seldom set.
  HopCommand& Add(const CommandSpec* spec, Client* client, uint64_t ticket, DbIndex db, int resp,
                  Args args, std::string_view raw);
  void Clear();
};

// Appends `args` as one RESP request.
void AppendRequest(std::string* out, Args args);

}  // namespace basalt
