// The keys that each section of our file formats knows: one list, read by the parser, by the JSON
// schemas' test and by error messages.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace croft::spec {

using Keys = std::span<const std::string_view>;

// Top-level keys under which files keep anchors that several parts share.
inline bool is_anchor_key(std::string_view key) {
  return key.starts_with('.') || key.starts_with("x-");
}

namespace keys {

inline constexpr auto kSetup =
    std::to_array<std::string_view>({"setup", "extends", "build", "deploy", "run"});
inline constexpr auto kBuild = std::to_array<std::string_view>(
    {"os", "base", "prepareCommands", "buildCommands", "deployFiles", "deploy", "cache",
     "addToRunPrepare", "envVariables"});
inline constexpr auto kDeploy =
    std::to_array<std::string_view>({"readinessCheck", "temporaryShutdown"});
inline constexpr auto kRun = std::to_array<std::string_view>(
    {"os", "base", "prepareCommands", "initCommands", "start", "startCommands", "documentRoot",
     "siteConfigPath", "envReplace", "envVariables", "ports", "healthCheck", "crontab", "routing",
     "volume"});
inline constexpr auto kReadinessCheck =
    std::to_array<std::string_view>({"httpGet", "exec", "failureTimeout", "retryPeriod"});
inline constexpr auto kHealthCheck = std::to_array<std::string_view>(
    {"httpGet", "exec", "failureTimeout", "disconnectTimeout", "recoveryTimeout", "execPeriod"});
inline constexpr auto kHttpGet =
    std::to_array<std::string_view>({"port", "path", "host", "scheme"});
inline constexpr auto kExec = std::to_array<std::string_view>({"command"});
inline constexpr auto kStartCommand =
    std::to_array<std::string_view>({"command", "name", "workingDir", "user", "initCommands"});
inline constexpr auto kPort =
    std::to_array<std::string_view>({"port", "protocol", "httpSupport", "description"});
inline constexpr auto kEnvReplace = std::to_array<std::string_view>({"target", "delimiter"});
inline constexpr auto kCronJob =
    std::to_array<std::string_view>({"timing", "command", "allContainers", "workingDir"});
inline constexpr auto kRouting =
    std::to_array<std::string_view>({"root", "cors", "redirects", "headers"});
inline constexpr auto kRedirect =
    std::to_array<std::string_view>({"from", "to", "status", "preservePath", "preserveQuery"});
inline constexpr auto kHeaderRule = std::to_array<std::string_view>({"for", "values"});
inline constexpr auto kVolume =
    std::to_array<std::string_view>({"hostname", "mountPath", "readOnly"});

// Import files.
inline constexpr auto kImport =
    std::to_array<std::string_view>({"project", "services", "zerops", "croft"});
inline constexpr auto kProject =
    std::to_array<std::string_view>({"name", "description", "corePackage", "tags", "envVariables",
                                     "envIsolation", "sshIsolation", "sharedIpv4", "location"});
inline constexpr auto kService = std::to_array<std::string_view>({"hostname",
                                                                  "type",
                                                                  "mode",
                                                                  "profile",
                                                                  "profileOverrides",
                                                                  "envSecrets",
                                                                  "dotEnvSecrets",
                                                                  "envVariables",
                                                                  "nginxConfig",
                                                                  "objectStorageSize",
                                                                  "objectStoragePolicy",
                                                                  "objectStorageRawPolicy",
                                                                  "buildFromGit",
                                                                  "zeropsSetup",
                                                                  "zeropsYaml",
                                                                  "pipelineConfig",
                                                                  "startWithoutCode",
                                                                  "enableSubdomainAccess",
                                                                  "priority",
                                                                  "override",
                                                                  "verticalAutoscaling",
                                                                  "minContainers",
                                                                  "maxContainers",
                                                                  "mount",
                                                                  "enableCdn",
                                                                  "envIsolation",
                                                                  "sshIsolation",
                                                                  "os",
                                                                  "ports",
                                                                  "documentRoot"});
inline constexpr auto kVerticalAutoscaling = std::to_array<std::string_view>(
    {"cpu", "ram", "disk", "cpuMode", "minCpu", "maxCpu", "minRam", "maxRam", "minDisk", "maxDisk",
     "startCpuCoreCount", "swapEnabled", "minFreeCpuCores", "minFreeCpuPercent", "minFreeRamGB",
     "minFreeRamPercent", "minVCpu", "maxVCpu"});

// Sections of the 2021-23 form take the keys above and these old names.
inline constexpr auto kOldBuild = std::to_array<std::string_view>({"prepare", "build"});
inline constexpr auto kOldRun = std::to_array<std::string_view>({"prepare", "init"});
// The single-application form of 2021; `runs` is a spelling its documentation used too.
inline constexpr auto kSingle = std::to_array<std::string_view>({"use", "run", "runs", "deploy"});

}  // namespace keys
}  // namespace croft::spec
