// A check's results as text and as JSON.
#include <cstdio>

#include "core/base/status.h"
#include "core/base/strings.h"
#include "tools/check_aof/own_log.h"
#include "tools/common/json_text.h"
#include "tools/common/option_parser.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void PrintShard(const OwnLogCheck& check, const ShardScan& scan) {
  const ShardFiles& files = check.manifest.shards[scan.shard.value];
  if (check.single_file && files.incrementals.empty()) return;
  Print(StrCat("shard ", scan.shard.value, ": ", scan.batches, " batches, ", scan.records,
               " records, ", SizeText(scan.bytes), "; complete to epoch ", scan.complete.value,
               ", last epoch ", scan.max_epoch.value, "; LSN ", scan.start.value, " to ",
               scan.end.value));
  if (scan.first_unix_s) {
    Print(StrCat("  written ", MomentText(*scan.first_unix_s), " to ",
                 MomentText(*scan.last_unix_s)));
  }
  if (files.base) {
    const std::optional<rdb::Census>& base = check.bases[scan.shard.value];
    Print(StrCat("  ", files.base->name, ": ", files.base->size, " bytes, ",
                 base ? StrCat(base->keys(), " keys") : std::string("not as the manifest says")));
    for (const std::string& problem : base ? base->problems : std::vector<std::string>()) {
      Print(StrCat("    ", problem));
    }
  }
  for (const ScannedFile& file : scan.files) {
    Print(StrCat("  ", file.name, ": ", file.size, " bytes",
                 file.valid_to == file.size ? std::string(", sound")
                                            : StrCat(", sound up to byte ", file.valid_to)));
  }
}

uint64_t Sum(const RecoveryPlan& plan, uint64_t ShardPlan::*count) {
  uint64_t sum = 0;
  for (const ShardPlan& shard : plan.shards) sum += shard.*count;
  return sum;
}

void AddPlan(const char* name, const std::optional<RecoveryPlan>& plan, JsonText* json) {
  if (!plan) return;
  json->BeginObject(name);
  json->Member("cut_epoch", plan->cut.value);
  json->Member("resume_epoch", plan->resume_epoch.value);
  json->Member("kept_batches", Sum(*plan, &ShardPlan::kept_batches));
  json->Member("kept_records", Sum(*plan, &ShardPlan::kept_records));
  json->Member("kept_bytes", Sum(*plan, &ShardPlan::kept_bytes));
  json->Member("dropped_batches", Sum(*plan, &ShardPlan::dropped_batches));
  json->Member("dropped_records", Sum(*plan, &ShardPlan::dropped_records));
  json->Member("dropped_bytes", Sum(*plan, &ShardPlan::dropped_bytes));
  json->EndObject();
}

void AddShard(const OwnLogCheck& check, const ShardScan& scan, JsonText* json) {
  const ShardFiles& files = check.manifest.shards[scan.shard.value];
  if (check.single_file && files.incrementals.empty()) return;
  json->BeginObject();
  json->Member("shard", scan.shard.value);
  json->Member("batches", scan.batches);
  json->Member("records", scan.records);
  json->Member("bytes", scan.bytes);
  json->Member("complete_epoch", scan.complete.value);
  json->Member("last_epoch", scan.max_epoch.value);
  json->Member("start_lsn", scan.start.value);
  json->Member("end_lsn", scan.end.value);
  if (scan.first_unix_s) json->Member("first_unix_s", *scan.first_unix_s);
  if (scan.last_unix_s) json->Member("last_unix_s", *scan.last_unix_s);
  json->Member("damaged", scan.damaged);
  if (files.base) {
    const std::optional<rdb::Census>& base = check.bases[scan.shard.value];
    json->BeginObject("base");
    json->Member("file", files.base->name);
    json->Member("bytes", files.base->size);
    json->Member("sound", base.has_value() && base->clean());
    if (base) json->Member("keys", base->keys());
    json->EndObject();
  }
  json->BeginArray("files");
  for (const ScannedFile& file : scan.files) {
    json->BeginObject();
    json->Member("file", file.name);
    json->Member("bytes", file.size);
    json->Member("sound_bytes", file.valid_to);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace

void PrintOwnLog(const OwnLogCheck& check) {
  if (check.server_runs) {
    Print("note: a server is writing here; what it adds meanwhile may look torn");
  }
  const Manifest& manifest = check.manifest;
  if (!check.single_file) {
    Print(StrCat("log ", check.place.folder, ": ", manifest.shard_count, " shards, generation ",
                 manifest.generation, "; bases hold the epochs below ", manifest.base_epoch.value,
                 ", settled below epoch ", manifest.settled.epoch.value));
  }
  for (const ShardScan& scan : check.scans) PrintShard(check, scan);
  for (const std::string& refusal : check.refusals) Print(StrCat("REFUSED: ", refusal));
  for (const Finding& finding : check.Findings()) {
    if (finding.decision() != RecoveryDecision::kRefuse) {
      Print(StrCat("problem: ", finding.ToString()));
    }
  }
  if (check.plan) Print(StrCat("a start: ", check.plan->Summary()));
  if (!check.refusals.empty() && !check.single_file) {
    Print("a start would refuse this log");
    Print(check.repair ? StrCat("--fix --yes would leave the ", check.repair->Summary())
                       : std::string("--fix cannot repair this; files must come from a backup"));
  }
  Print(check.clean() ? "clean" : "problems found");
}

std::string OwnLogJson(const OwnLogCheck& check) {
  JsonText json;
  json.BeginObject();
  json.Member("kind", check.single_file ? "basalt-file" : "basalt");
  json.Member("folder", check.place.folder);
  json.Member("clean", check.clean());
  json.Member("server_runs", check.server_runs);
  json.Member("shards_count", check.manifest.shard_count);
  json.Member("generation", check.manifest.generation);
  json.Member("base_epoch", check.manifest.base_epoch.value);
  json.Member("settled_epoch", check.manifest.settled.epoch.value);
  json.BeginArray("shards");
  for (const ShardScan& scan : check.scans) AddShard(check, scan, &json);
  json.EndArray();
  json.BeginArray("refusals");
  for (const std::string& refusal : check.refusals) json.Element(refusal);
  json.EndArray();
  json.BeginArray("findings");
  for (const Finding& finding : check.Findings()) {
    json.BeginObject();
    json.Member("case", RowFor(finding.found).name);
    json.Member("file", finding.file);
    json.Member("offset", finding.offset);
    json.Member("text", finding.ToString());
    json.EndObject();
  }
  json.EndArray();
  AddPlan("plan", check.plan, &json);
  if (!check.plan) AddPlan("repair", check.repair, &json);
  json.EndObject();
  return json.Take();
}

}  // namespace basalt::tools
