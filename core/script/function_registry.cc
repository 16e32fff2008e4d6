#include "core/script/function_registry.h"

#include "core/base/crc.h"
#include "core/base/strings.h"
#include "core/script/library_load.h"
#include "core/script/script_flags.h"
#include "core/script/vm.h"
#include "core/value/rdb_format.h"
#include "core/value/rdb_sink.h"
#include "core/value/rdb_source.h"

namespace basalt::script {
namespace {

constexpr char kBadPayload[] = "ERR DUMP payload version or checksum are wrong";

// The part of a DUMP payload before version and checksum; false when those are wrong.
bool CheckFooter(std::string_view payload, std::string_view* body) {
  if (payload.size() < rdb::kDumpFooterBytes) return false;
  *body = payload.substr(0, payload.size() - rdb::kDumpFooterBytes);
  const auto* footer = reinterpret_cast<const unsigned char*>(payload.data() + body->size());
  if ((footer[0] | footer[1] << 8) > rdb::kReadVersionMax) return false;
  uint64_t crc;
  std::memcpy(&crc, footer + 2, sizeof(crc));
  return crc == 0 || crc == Crc64(0, payload.substr(0, body->size() + 2));
}

bool HasFunction(const Library& library, std::string_view name) {
  for (const FunctionInfo& function : library.functions) {
    if (EqualsNoCase(function.name, name)) return true;
  }
  return false;
}

}  // namespace

FunctionRegistry::LibraryPtr FunctionRegistry::Compile(std::string_view code, std::string* error) {
  Shebang shebang;
  if (!ParseLibraryShebang(code, &shebang, error)) return nullptr;
  if (!IsValidName(shebang.name)) {
    *error =
        "ERR Library names can only contain letters, numbers, or underscores(_) and must be at "
        "least one character long";
    return nullptr;
  }
  if (!EqualsNoCase(shebang.engine, "lua")) {
    *error = StrCat("ERR Engine '", shebang.engine, "' not found");
    return nullptr;
  }
  Vm vm(Vm::Kind::kFunctions);
  LibraryLoad load;
  if (!vm.LoadLibrary(code.substr(shebang.length), load, error)) return nullptr;
  if (load.functions.empty()) {
    *error = "ERR No functions registered";
    return nullptr;
  }
  auto library = std::make_shared<Library>();
  library->name = shebang.name;
  library->code = code;
  for (LoadedFunction& function : load.functions) {
    library->functions.push_back(
        {std::move(function.name), std::move(function.description), function.flags});
  }
  return library;
}

std::string FunctionRegistry::Add(Libraries& libraries, LibraryPtr library, OnCollision how) {
  for (auto it = libraries.begin(); it != libraries.end();) {
    const Library& other = *it->second;
    bool same_name = other.name == library->name;
    if (same_name && how == OnCollision::kRefuse)
      return StrCat("ERR Library '", library->name, "' already exists");
    bool clash = same_name;
    for (const FunctionInfo& function : library->functions) {
      if (same_name || !HasFunction(other, function.name)) continue;
      if (how != OnCollision::kReplaceAll)
        return StrCat("ERR Function ", function.name, " already exists");
      clash = true;
    }
    it = clash ? libraries.erase(it) : std::next(it);
  }
  libraries[library->name] = std::move(library);
  return {};
}

void FunctionRegistry::Publish(Libraries libraries) {
  libraries_ = std::move(libraries);
  version_.fetch_add(1, std::memory_order_release);
}

std::string FunctionRegistry::Load(std::string_view code, OnCollision how, std::string* name) {
  std::string error;
  LibraryPtr library = Compile(code, &error);
  if (library == nullptr) return error;
  if (name != nullptr) *name = library->name;
  std::lock_guard lock(mutex_);
  Libraries changed = libraries_;
  error = Add(changed, std::move(library), how);
  if (error.empty()) Publish(std::move(changed));
  return error;
}

bool FunctionRegistry::Delete(std::string_view name) {
  std::lock_guard lock(mutex_);
  auto it = libraries_.find(name);
  if (it == libraries_.end()) return false;
  Libraries changed = libraries_;
  changed.erase(changed.find(name));
  Publish(std::move(changed));
  return true;
}

size_t FunctionRegistry::Flush() {
  std::lock_guard lock(mutex_);
  size_t n = libraries_.size();
  Publish({});
  return n;
}

std::string FunctionRegistry::Restore(std::string_view payload, bool flush, OnCollision how) {
  std::string_view body;
  if (!CheckFooter(payload, &body)) return kBadPayload;
  std::vector<LibraryPtr> restored;
  rdb::StringSource source(body);
  while (source.remaining() > 0) {
    uint8_t opcode;
    std::string_view code;
    if (!source.Byte(&opcode)) return "ERR failed loading functions";
    if (opcode != rdb::kOpFunction) return "ERR given type is not a function";
    if (!source.String(&code)) return "ERR Failed loading library data";
    std::string error;
    LibraryPtr library = Compile(code, &error);
    if (library == nullptr) return error;
    restored.push_back(std::move(library));
  }
  std::lock_guard lock(mutex_);
  Libraries changed;
  if (!flush) changed = libraries_;
  for (LibraryPtr& library : restored) {
    // Redis words this one differently here than for FUNCTION LOAD.
    if (how == OnCollision::kRefuse && changed.contains(library->name)) {
      return StrCat("ERR Library ", library->name, " already exists");
    }
    if (std::string error = Add(changed, std::move(library), how); !error.empty()) return error;
  }
  Publish(std::move(changed));
  return {};
}

std::string FunctionRegistry::Dump() {
  rdb::StringSink sink(/*compress=*/true);
  for (const auto& [name, library] : All()) {
    sink.Byte(rdb::kOpFunction);
    sink.String(library->code);
  }
  sink.Uint16(rdb::kWriteVersion);
  std::string payload = sink.Take();
  uint64_t crc = Crc64(0, payload);
  payload.append(reinterpret_cast<const char*>(&crc), sizeof(crc));
  return payload;
}

FunctionRegistry::Libraries FunctionRegistry::All() {
  std::lock_guard lock(mutex_);
  return libraries_;
}

FunctionRegistry::Usage FunctionRegistry::usage() {
  Usage usage;
  for (const auto& [name, library] : All()) {
    ++usage.libraries;
    usage.functions += library->functions.size();
    usage.bytes += sizeof(Library) + library->code.size();
    for (const FunctionInfo& f : library->functions) {
      usage.bytes +=
          sizeof(f) + f.name.size() + (f.description.has_value() ? f.description->size() : 0);
    }
  }
  return usage;
}

}  // namespace basalt::script
