#include "persistence/aof/manifest.h"

#include <charconv>
#include <cstdio>

#include "core/base/crc.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

constexpr std::string_view kFirstLine = "basalt-aof-manifest 1\n";

std::string Hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// Takes the next word or line off the front of `text`.
std::string_view TakeUntil(std::string_view* text, char end) {
  const size_t at = text->find(end);
  const std::string_view piece = text->substr(0, at);
  text->remove_prefix(at == std::string_view::npos ? text->size() : at + 1);
  return piece;
}

// The words of one line; ok() turns false at the first that is missing or no number, or when words
// are left over.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view Text() {
    const std::string_view word = TakeUntil(&rest_, ' ');
    if (word.empty()) ok_ = false;
    return word;
  }
  template <class Value = uint64_t>
  Value Number(int base = 10) {
    const std::string_view word = Text();
    Value value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc() || end != word.data() + word.size()) ok_ = false;
    return value;
  }
  bool ok() const { return ok_; }
  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// A name from a manifest becomes a path: it must not leave the folder.
bool SafeName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(StrCat("the manifest is damaged: ", what));
}

// Applies one line to `manifest`; false when it makes no sense.
bool TakeLine(std::string_view line, Manifest* manifest) {
  Words words(line);
  const std::string_view key = words.Text();
  if (key == "generation") {
    manifest->generation = words.Number();
  } else if (key == "slots") {
    if (words.Text() != "crc16") return false;
    manifest->shard_count = words.Number<uint32_t>();
    if (manifest->shard_count == 0 || manifest->shard_count > kMaxShards) return false;
    manifest->shards.resize(manifest->shard_count);
  } else if (key == "salt") {
    manifest->salt = words.Number(16);
  } else if (key == "base-epoch") {
    manifest->base_epoch.value = words.Number();
  } else if (key == "next-tx") {
    manifest->next_tx.value = words.Number();
  } else if (key == "settled-epoch") {
    manifest->settled.epoch.value = words.Number();
  } else if (key == "void-epochs") {
    EpochRange range;
    range.first.value = words.Number();
    range.last.value = words.Number();
    manifest->settled.void_epochs.push_back(range);
  } else if (key == "void-tx") {
    manifest->settled.void_transactions.emplace_back(words.Number());
  } else if (key == "history") {
    const std::string_view name = words.Text();
    if (!SafeName(name)) return false;
    manifest->history.emplace_back(name);
  } else if (key == "start" || key == "durable" || key == "base" || key == "incr") {
    const uint32_t shard = words.Number<uint32_t>();
    if (!words.ok() || shard >= manifest->shards.size()) return false;
    ShardFiles& files = manifest->shards[shard];
    if (key == "start" || key == "durable") {
      const Lsn lsn(words.Number());
      if (key == "start") {
        files.start = lsn;
      } else {
        files.durable = lsn;
      }
      return words.Finished();
    }
    const std::string_view name = words.Text();
    if (!SafeName(name)) return false;
    if (key == "incr") {
      files.incrementals.emplace_back(name);
    } else {
      files.base.emplace();
      files.base->name = name;
      files.base->size = words.Number();
      files.base->crc = words.Number(16);
    }
  } else {
    return false;
  }
  return words.Finished();
}

}  // namespace

std::string Manifest::ToText() const {
  std::string text(kFirstLine);
  StrAppend(&text, "generation ", generation, "\nslots crc16 ", shard_count, "\nsalt ", Hex(salt),
            "\n");
  StrAppend(&text, "base-epoch ", base_epoch.value, "\nnext-tx ", next_tx.value, "\nsettled-epoch ",
            settled.epoch.value, "\n");
  for (const EpochRange& range : settled.void_epochs) {
    StrAppend(&text, "void-epochs ", range.first.value, " ", range.last.value, "\n");
  }
  for (TxId tx : settled.void_transactions) StrAppend(&text, "void-tx ", tx.value, "\n");
  for (size_t i = 0; i < shards.size(); ++i) {
    const ShardFiles& files = shards[i];
    StrAppend(&text, "start ", i, " ", files.start.value, "\n");
    if (files.durable) StrAppend(&text, "durable ", i, " ", files.durable->value, "\n");
    if (files.base) {
      StrAppend(&text, "base ", i, " ", files.base->name, " ", files.base->size, " ",
                Hex(files.base->crc), "\n");
    }
    for (const std::string& name : files.incrementals)
      StrAppend(&text, "incr ", i, " ", name, "\n");
  }
  for (const std::string& name : history) StrAppend(&text, "history ", name, "\n");
  StrAppend(&text, "checksum ", Hex(Crc64(0, text)), "\n");
  return text;
}

absl::StatusOr<Manifest> Manifest::FromText(std::string_view text) {
  if (text.substr(0, kFirstLine.size()) != kFirstLine) {
    const std::string_view name = kFirstLine.substr(0, kFirstLine.size() - 2);
    if (text.substr(0, name.size()) == name) {
      return absl::UnimplementedError("the manifest was written by another version");
    }
    return Damaged("the first line is not a manifest's");
  }
  const size_t at = text.rfind("checksum ");
  if (at == std::string_view::npos || text.back() != '\n')
    return Damaged("it ends without a checksum");
  if (text.substr(at) != StrCat("checksum ", Hex(Crc64(0, text.substr(0, at))), "\n")) {
    return Damaged("its checksum is wrong");
  }
  Manifest manifest;
  manifest.shards.resize(manifest.shard_count);
  std::string_view body = text.substr(kFirstLine.size(), at - kFirstLine.size());
  while (!body.empty()) {
    const std::string_view line = TakeUntil(&body, '\n');
    if (!TakeLine(line, &manifest)) return Damaged(StrCat("cannot read the line \"", line, "\""));
  }
  for (const ShardFiles& files : manifest.shards) {
    if (files.incrementals.empty()) return Damaged("a shard has no incremental file");
  }
  return manifest;
}

std::string ManifestName(std::string_view stem) { return StrCat(stem, ".manifest"); }

std::string BaseFileName(std::string_view stem, uint64_t generation, ShardId shard) {
  return StrCat(stem, ".", generation, ".shard-", shard.value, ".base.rdb");
}

std::string IncrementalFileName(std::string_view stem, uint64_t number, ShardId shard) {
  return StrCat(stem, ".", number, ".shard-", shard.value, ".incr.aof");
}

bool LooksLikeRedisManifest(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = TakeUntil(&text, '\n');
    if (!line.empty() && line[0] != '#') return line.substr(0, 5) == "file ";
  }
  return false;
}

absl::StatusOr<std::vector<std::string>> ParseRedisManifest(std::string_view text) {
  std::vector<std::string> base;
  std::vector<std::string> incrementals;
  while (!text.empty()) {
    const std::string_view line = TakeUntil(&text, '\n');
    if (line.empty() || line[0] == '#') continue;
    Words words(line);
    std::string_view name, type;
    while (words.ok() && !words.Finished()) {
      const std::string_view key = words.Text();
      const std::string_view value = words.Text();
      if (key == "file") name = value;
      if (key == "type") type = value;
    }
    if (!words.ok() || !SafeName(name))
      return Damaged(StrCat("cannot read the line \"", line, "\""));
    if (type == "b") {
      base.emplace_back(name);
    } else if (type == "i") {
      incrementals.emplace_back(name);
    } else if (type != "h") {
      return Damaged(StrCat("unknown kind of file in the line \"", line, "\""));
    }
  }
  if (base.size() > 1) return Damaged("it names more than one base file");
  base.insert(base.end(), incrementals.begin(), incrementals.end());
  return base;
}

}  // namespace basalt
