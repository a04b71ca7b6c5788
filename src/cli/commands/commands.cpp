#include "cli/commands/commands.h"

namespace croft::cli {

std::span<const Command* const> all_commands() {
  static const std::vector<const Command*> kAll = [] {
    std::vector<const Command*> all;
    for (const auto family :
         {init_commands, auth_commands, context_commands, project_commands, transfer_commands,
          service_commands, service_state_commands, env_commands, deploy_commands, release_commands,
          overview_commands, logs_commands, exec_commands, process_commands, config_commands,
          doctor_commands, node_commands, audit_commands, platform_commands, completion_commands}) {
      for (const Command& command : family()) all.push_back(&command);
    }
    return all;
  }();
  return kAll;
}

}  // namespace croft::cli
