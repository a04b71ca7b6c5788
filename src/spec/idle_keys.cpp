#include "spec/idle_keys.h"

#include <fmt/format.h>

#include <array>

namespace croft::spec {
namespace {

constexpr std::string_view kNoStorage =
    "shared storage is not available yet and nothing is mounted; keep files in a database";
constexpr std::string_view kNoObjects = "object storage is not available yet";
constexpr std::string_view kNoSsh =
    "containers have no SSH server that could be isolated; `croft exec` reaches them";
constexpr std::string_view kAtDeploy =
    "`croft deploy` takes the configuration from the folder it sends: write it there as croft.yml";

constexpr auto kIdleKeys = std::to_array<IdleKey>({
    {"project", "corePackage", "every project has one core so far", "LIGHT"},
    {"project", "sshIsolation", kNoSsh},
    {"project", "sharedIpv4", "every project shares the addresses of the machine"},
    {"project", "location", "there is one location: where croft runs"},
    {"service", "profile", "managed services run with the settings of their type so far"},
    {"service", "profileOverrides", "managed services run with the settings of their type so far"},
    {"service", "nginxConfig", "deploy the file and name it in run.siteConfigPath of croft.yml"},
    {"service", "objectStorageSize", kNoObjects},
    {"service", "objectStoragePolicy", kNoObjects},
    {"service", "objectStorageRawPolicy", kNoObjects},
    {"service", "buildFromGit",
     "code is not fetched from git yet; the service waits for `croft deploy` of a folder"},
    {"service", "zeropsSetup", "choose the setup at deployment: `croft deploy SERVICE --setup`"},
    {"service", "zeropsYaml", kAtDeploy},
    {"service", "pipelineConfig", kAtDeploy},
    {"service", "startWithoutCode", "containers start with the first deployment"},
    {"service", "override", "a service that exists is never replaced by an import; deploy to it"},
    {"service", "verticalAutoscaling",
     "containers have the CPU and memory of their type so far, not what is asked for here"},
    {"service", "mount", kNoStorage},
    {"service", "enableCdn", "there is no CDN"},
    {"service", "sshIsolation", kNoSsh},
    {"service", "documentRoot", "write it in run.documentRoot of croft.yml"},
    {"run", "volume", kNoStorage},
});

bool asks_for_nothing(const Node& node, std::string_view harmless) {
  if (node.kind == NodeKind::kSequence) return node.items.empty();
  if (node.kind == NodeKind::kMapping) return node.entries.empty();
  return node.text.empty() || (node.is_plain() && node.text == "false") ||
         (!harmless.empty() && node.text == harmless);
}

}  // namespace

std::span<const IdleKey> idle_keys() {
  return kIdleKeys;
}

void warn_of_idle_keys(const MapReader& map, std::string_view section) {
  for (const IdleKey& idle : kIdleKeys) {
    if (idle.section != section) continue;
    const auto field = map.get(idle.key);
    if (!field || asks_for_nothing(**field, idle.harmless)) continue;
    map.out().warning(field->key_at, field->pointer,
                      fmt::format("'{}' has no effect: {}", idle.key, idle.why));
  }
}

}  // namespace croft::spec
