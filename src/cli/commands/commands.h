// The families of commands; each is defined in the file of its name.
#pragma once

#include <span>

#include "cli/command.h"

namespace croft::cli {

std::span<const Command> audit_commands();
std::span<const Command> auth_commands();
std::span<const Command> completion_commands();
std::span<const Command> config_commands();
std::span<const Command> context_commands();
std::span<const Command> deploy_commands();
std::span<const Command> doctor_commands();
std::span<const Command> env_commands();
std::span<const Command> exec_commands();
std::span<const Command> init_commands();
std::span<const Command> logs_commands();
std::span<const Command> node_commands();
std::span<const Command> overview_commands();
std::span<const Command> platform_commands();
std::span<const Command> process_commands();
std::span<const Command> project_commands();
std::span<const Command> release_commands();
std::span<const Command> service_commands();
std::span<const Command> service_state_commands();
std::span<const Command> transfer_commands();

// Options that several commands share.
inline constexpr OptionSpec kDetach{
    .name = "detach", .letter = 'd', .help = "do not wait; print the id of the process"};
inline constexpr OptionSpec kTimeout{
    .name = "timeout", .value = "DURATION", .help = "wait at most so long (90s, 10m), then exit 7"};
inline constexpr OptionSpec kConfirm{
    .name = "confirm", .value = "NAME", .help = "the name again, instead of being asked for it"};
inline constexpr ArgSpec kServiceArg{
    .name = "SERVICE", .help = "hostname, or project/hostname", .completes = Completes::kService};
inline constexpr ArgSpec kProjectArg{
    .name = "PROJECT", .help = "name or id", .completes = Completes::kProject};

}  // namespace croft::cli
