// The model of import files: a project with its services, or services to add to one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "spec/app_config.h"

namespace croft::spec {

using SecretVariables = std::map<std::string, Secret>;

enum class Isolation : unsigned char { kService, kNone };
enum class Mode : unsigned char { kSingle, kHa };  // NON_HA or :single, HA or :ha

struct ImportProject {
  std::string name;
  Position name_at;
  std::string description;   // at most 255 characters
  std::string core_package;  // "LIGHT", "SERIOUS" or empty
  std::vector<std::string> tags;
  EnvVariables env_variables;
  std::optional<Isolation> env_isolation;
  std::string ssh_isolation;
  std::optional<bool> shared_ipv4;
  std::string location;
};

struct GitSource {
  std::string url;  // http or https, without the branch
  std::string ref;  // after the @; empty: the default branch
};

// CPU in threads, RAM and disk in GB. `cpu`, `ram` and `disk` pin minimum and maximum.
struct VerticalAutoscaling {
  std::string cpu_mode;  // "SHARED", "DEDICATED" or empty
  std::optional<int> cpu, min_cpu, max_cpu, start_cpu_core_count;
  std::optional<double> ram, min_ram, max_ram;
  std::optional<double> disk, min_disk, max_disk;
  std::optional<double> min_free_cpu_cores, min_free_cpu_percent;
  std::optional<double> min_free_ram_gb, min_free_ram_percent;
  std::optional<bool> swap_enabled;
};

struct ImportService {
  std::string hostname;  // [a-z][a-z0-9]*, at most 25
  Position hostname_at;
  TypeUse type;              // the variant of the text is in `mode`, not in type.type
  std::optional<Mode> mode;  // nullopt: not said
  std::string profile;
  std::map<std::string, std::string> profile_overrides;
  SecretVariables env_secrets;  // envSecrets and dotEnvSecrets
  EnvVariables env_variables;   // of 2022
  Places env_places;            // of both
  std::string nginx_config;
  std::optional<double> object_storage_size;  // GB
  std::string object_storage_policy;
  std::string object_storage_raw_policy;
  std::optional<GitSource> build_from_git;
  std::string setup;  // `zeropsSetup`; empty: the hostname
  // Inline configuration (`zeropsYaml`, or `pipelineConfig` of 2022, which wins over the
  // repository's).
  std::optional<AppConfig> inline_config;
  NodePtr inline_source;  // as it was written, for the writer
  bool start_without_code = false;
  bool enable_subdomain_access = false;
  bool override_existing = false;
  int priority = 0;  // higher ones first; a group waits until the one before it is available
  VerticalAutoscaling vertical_autoscaling;
  std::optional<int> min_containers, max_containers;  // 1 to 10
  std::vector<std::string> mount;                     // hostnames of shared storages
  std::optional<bool> enable_cdn;
  std::optional<Isolation> env_isolation;
  std::string ssh_isolation;
  std::string os;
  std::vector<Port> ports;  // of 2022; httpSupport defaults to true there
  std::string document_root;
};

struct ImportFile {
  std::optional<ImportProject> project;
  std::vector<ImportService> services;
  std::optional<AppConfig> app_config;  // when the same file has `zerops:` or `croft:` too
  bool preprocessed = false;
};

}  // namespace croft::spec
