#include "core/cmd/all_commands.h"

#include "core/cmd/groups.h"
#include "core/tx/dispatcher.h"

namespace basalt {

const CommandTable& AllCommands() {
  static const std::span<const CommandSpec> groups[] = {
      TransactionCommands(), StringCommands(), KeyCommands(),        ExpireCommands(),
      ScanCommands(),        BitmapCommands(), ListCommands(),       HashCommands(),
      SetCommands(),         ZSetCommands(),   ConnectionCommands(), ClientCommands(),
      CommandCommands(),     ConfigCommands(), ServerCommands(),     ScriptCommands(),
  };
  static const CommandTable table(groups);
  return table;
}

}  // namespace basalt
