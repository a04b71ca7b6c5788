// Reading the container's configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "model/init_config.h"

namespace croft::init {

// Reads and checks the file. The message of an error says which part is wrong and that the control
// plane wrote it; values of variables are never in it.
Result<InitConfig> load_config(const std::filesystem::path& path);

// What the codec cannot see: names that cannot be in an environment, commands that are missing,
// probes of no kind, cron lines and signals that do not parse.
Status check_config(const InitConfig& config);

// SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGKILL; nullopt for others.
std::optional<int> signal_from_name(std::string_view name);
std::string_view signal_name(int signal);  // "signal" for one not in the list

}  // namespace croft::init
