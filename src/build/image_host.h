// How this machine reaches package archives and registries: read once, used for image builds and
// passed to build containers. Nothing of it gets into images, except the Debian mirror in
// sources.list.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace croft::build {

// One archive of one suite, as in sources.list.
struct AptSource {
  std::string uri;
  std::string suite;       // "bookworm", "bookworm-security"
  std::string components;  // "main contrib"
  bool operator==(const AptSource&) const = default;
};

// Both forms of sources: lines "deb …", and stanzas "Types: deb". What is disabled, for sources or
// of another form is left out.
std::vector<AptSource> parse_apt_lines(std::string_view text);
std::vector<AptSource> parse_apt_stanzas(std::string_view text);

// The archives for another Debian suite, taken from those of the host's own (`codename`), its
// updates and security included; only component main. Empty when the host has none of its own
// suite: it is not Debian, and mmdebstrap then takes its own default mirror.
std::vector<AptSource> apt_sources_for(const std::vector<AptSource>& host,
                                       std::string_view codename, std::string_view suite);

struct HostSettings {
  std::string codename;                // of the host's Debian release; may be empty
  std::vector<AptSource> apt_sources;  // all of the host
  // Lines of apt.conf: how to fetch (proxies, certificates, retries), and what to think of the age
  // of archives. The second kind holds for the mirror itself, so images keep it.
  std::string apt_transport;
  std::string apt_validity;
  // Proxies and registries for language tools: HTTP_PROXY, NPM_CONFIG_REGISTRY, PIP_INDEX_URL,
  // GOPROXY …
  std::map<std::string, std::string> env;
  std::string
      ca_certificates;  // PEM, the host's trust store with what was added to it; may be empty
};

struct HostPaths {
  std::filesystem::path apt = "/etc/apt";
  std::filesystem::path os_release = "/etc/os-release";
  std::filesystem::path ca_certificates = "/etc/ssl/certs/ca-certificates.crt";
  std::filesystem::path home;  // of the user croft runs as; empty: no files of a user
  std::map<std::string, std::string> environment;  // of the process
};

// HostPaths of this process.
HostPaths current_host_paths();

// Missing files are empty settings. Blocks (reads files, runs apt-config): call it on a pool.
HostSettings read_host_settings(const HostPaths& paths);

// `settings.env` as lines of a shell script: export NAME='value'.
std::string shell_exports(const std::map<std::string, std::string>& env);

}  // namespace croft::build
