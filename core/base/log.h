// Plain log lines for the operator: "<pid>:<role> <date> <mark> <text>", the marks being Redis's (.
// - * #). Never on a hot path. Any thread: a line is one write(2), so lines never mix.
#pragma once

#include <string_view>

#include "core/base/strings.h"

namespace basalt {

enum class LogLevel { kDebug, kVerbose, kNotice, kWarning };

// Lines below `level` are dropped. `path` "" means standard output. Returns false when the file
// cannot be opened.
bool ConfigureLog(LogLevel level, std::string_view path);
LogLevel CurrentLogLevel();
// Where lines go; owned by the log.
int LogDescriptor();

void LogLine(LogLevel level, std::string_view text);

template <class... Parts>
void Log(LogLevel level, const Parts&... parts) {
  if (level >= CurrentLogLevel()) LogLine(level, StrCat(parts...));
}
template <class... Parts>
void LogNotice(const Parts&... parts) {
  Log(LogLevel::kNotice, parts...);
}
template <class... Parts>
void LogWarning(const Parts&... parts) {
  Log(LogLevel::kWarning, parts...);
}

}  // namespace basalt
