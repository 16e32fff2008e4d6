// A check's results as text and as JSON.
#include <cstdio>

#include "core/base/status.h"
#include "core/base/strings.h"
#include "persistence/rdb/hex64.h"
#include "tools/check_rdb/snapshot_check.h"
#include "tools/common/json_text.h"
#include "tools/common/option_parser.h"
#include "tools/common/output.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

constexpr size_t kKeyWidth = 60;

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void PrintTypes(const rdb::Census& census) {
  for (int i = 0; i < kValueTypes; ++i) {
    const rdb::TypeCensus& type = census.types[static_cast<size_t>(i)];
    if (type.keys == 0) continue;
    std::string line = StrCat("    ", TypeName(static_cast<ValueType>(i)), ": ", type.keys,
                              " keys, ", SizeText(type.bytes));
    if (type.elements > 0) StrAppend(&line, ", ", type.elements, " elements");
    if (type.expires > 0) {
      StrAppend(&line, ", ", type.expires, " expire, ", type.expired, " have expired");
    }
    Print(line);
    for (const rdb::BigKey& key : type.biggest) {
      line = StrCat("      ", SizeText(key.bytes), " in database ", key.db.value, ": ",
                    Quoted(key.key, kKeyWidth));
      if (key.elements > 0) StrAppend(&line, ", ", key.elements, " elements");
      Print(line);
    }
  }
}

std::string AuxText(const rdb::FileAux& aux) {
  std::string text = StrCat("    made by ", aux.basalt_format >= 0 ? "Basalt (format of " : "",
                            aux.redis_version.empty() ? "?" : aux.redis_version.substr(0, 32),
                            aux.basalt_format >= 0 ? ")" : "");
  if (aux.created_unix_s >= 0) StrAppend(&text, ", ", MomentText(aux.created_unix_s));
  if (aux.used_memory >= 0) {
    StrAppend(&text, ", from ", SizeText(static_cast<uint64_t>(aux.used_memory)), " of memory");
  }
  if (aux.aof_base > 0) StrAppend(&text, ", base of a log");
  if (aux.shard >= 0) {
    StrAppend(&text, "; shard ", aux.shard, " of ", aux.shards, ", slots ", aux.slots.substr(0, 32),
              ", epoch ", aux.epoch);
  }
  return text;
}

void PrintFile(const rdb::Census& census) {
  Print(StrCat(
      "  ", census.path, ": RDB version ", census.version, ", ", census.size, " bytes, ",
      census.error.ok() ? (census.crc64 != 0 ? "checksum right" : "without checksum") : "BROKEN"));
  if (!census.error.ok()) Print(StrCat("    problem: ", MessageOf(census.error)));
  for (const std::string& problem : census.problems) Print(StrCat("    problem: ", problem));
  if (census.version == 0) return;
  Print(AuxText(census.aux));
  Print(StrCat("    ", census.keys(), " keys, ", census.expires(), " of them expire, ",
               census.expired(), " have expired"));
  PrintTypes(census);
  if (census.stats.functions > 0) {
    std::string line = StrCat("    ", census.stats.functions, " function libraries:");
    for (const std::string& name : census.functions) StrAppend(&line, " ", Quoted(name, 64));
    Print(line);
  }
  if (census.stats.module_aux > 0) {
    Print(StrCat("    data of ", census.stats.module_aux, " modules, which is not used"));
  }
}

void AddFile(const rdb::Census& census, JsonText* json) {
  json->BeginObject();
  json->Member("file", census.path);
  json->Member("bytes", census.size);
  json->Member("version", census.version);
  json->Member("clean", census.clean());
  if (!census.error.ok()) json->Member("error", MessageOf(census.error));
  json->BeginArray("problems");
  for (const std::string& problem : census.problems) json->Element(problem);
  json->EndArray();
  json->Member("crc64", rdb::FormatHex64(census.crc64));
  json->BeginObject("aux");
  const rdb::FileAux& aux = census.aux;
  json->Member("redis-ver", aux.redis_version);
  json->Member("ctime", aux.created_unix_s);
  json->Member("used-mem", aux.used_memory);
  json->Member("aof-base", aux.aof_base);
  json->Member("basalt-shard", aux.shard);
  json->Member("basalt-shards", aux.shards);
  json->Member("basalt-slots", aux.slots);
  json->Member("basalt-epoch", aux.epoch);
  json->EndObject();
  json->Member("keys", census.keys());
  json->Member("expires", census.expires());
  json->Member("expired", census.expired());
  json->BeginObject("databases");
  for (size_t i = 0; i < census.db_keys.size(); ++i) {
    if (census.db_keys[i] > 0) json->Member(std::to_string(i), census.db_keys[i]);
  }
  json->EndObject();
  json->BeginObject("types");
  for (int i = 0; i < kValueTypes; ++i) {
    const rdb::TypeCensus& type = census.types[static_cast<size_t>(i)];
    json->BeginObject(TypeName(static_cast<ValueType>(i)));
    json->Member("keys", type.keys);
    json->Member("bytes", type.bytes);
    json->Member("elements", type.elements);
    json->Member("expires", type.expires);
    json->Member("expired", type.expired);
    json->BeginArray("biggest");
    for (const rdb::BigKey& key : type.biggest) {
      json->BeginObject();
      json->Member("key", key.key);
      json->Member("key_bytes", key.key_bytes);
      json->Member("database", key.db.value);
      json->Member("bytes", key.bytes);
      json->Member("elements", key.elements);
      json->EndObject();
    }
    json->EndArray();
    json->EndObject();
  }
  json->EndObject();
  json->BeginArray("functions");
  for (const std::string& name : census.functions) json->Element(name);
  json->EndArray();
  json->EndObject();
}

}  // namespace

void PrintSnapshot(const SnapshotCheck& check) {
  for (const std::string& note : check.notes) Print(StrCat("note: ", note));
  for (const std::string& problem : check.problems) Print(StrCat("problem: ", problem));
  if (check.is_set) {
    Print(StrCat("snapshot ", check.manifest.generation, ": ", check.manifest.shards.size(),
                 " shards, epoch ", check.manifest.epoch.value, ", ",
                 MomentText(check.manifest.created_unix_s)));
  }
  uint64_t keys = 0;
  for (const rdb::Census& census : check.files) {
    PrintFile(census);
    keys += census.keys();
  }
  if (check.files.size() > 1) Print(StrCat(keys, " keys in all"));
  Print(check.clean() ? "clean" : "problems found");
}

std::string SnapshotJson(const SnapshotCheck& check) {
  JsonText json;
  json.BeginObject();
  json.Member("clean", check.clean());
  if (check.is_set) {
    json.BeginObject("snapshot");
    json.Member("generation", check.manifest.generation);
    json.Member("epoch", check.manifest.epoch.value);
    json.Member("created_unix_s", check.manifest.created_unix_s);
    json.Member("shards", check.manifest.shards.size());
    json.EndObject();
  }
  json.BeginArray("problems");
  for (const std::string& problem : check.problems) json.Element(problem);
  json.EndArray();
  json.BeginArray("notes");
  for (const std::string& note : check.notes) json.Element(note);
  json.EndArray();
  json.BeginArray("files");
  for (const rdb::Census& census : check.files) AddFile(census, &json);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

}  // namespace basalt::tools
