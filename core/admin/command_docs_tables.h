// The files of command docs, for command_docs.cc only.
#pragma once

#include <span>

#include "core/admin/command_docs.h"

namespace basalt::docs {

std::span<const CommandDoc> StringDocs();   // strings, bitmaps, HyperLogLog
std::span<const CommandDoc> GenericDocs();  // keys of any type
std::span<const CommandDoc> ListDocs();
std::span<const CommandDoc> HashAndSetDocs();
std::span<const CommandDoc> ZsetDocs();
std::span<const CommandDoc> ConnectionDocs();  // connections, pub/sub, cluster
std::span<const CommandDoc> ServerDocs();      // server, transactions, scripts

}  // namespace basalt::docs
