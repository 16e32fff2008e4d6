#include "core/cmd/all_commands.h"

#include "core/cmd/groups.h"
#include "core/tx/dispatcher.h"

namespace basalt {

const CommandTable& AllCommands() {
  static const std::span<const CommandSpec> groups[] = {
      TransactionCommands(),
      StringCommands(),
      KeyCommands(),
      ListCommands(),
      HashCommands(),
      SetCommands(),
  };
  static const CommandTable table(groups);
  return table;
}

}  // namespace basalt
