#include "build/image_host.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/file.h"
#include "base/spawn.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;

std::string read_or_empty(const fs::path& path) {
  auto text = read_file(path, 4u << 20);
  return text ? std::move(*text) : std::string();
}

// The value of `key = value` or `key=value` on a line of its own; empty when there is none.
std::string setting_of(const std::string& text, std::string_view key) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const auto trim = [](std::string part) {
      const auto first = part.find_first_not_of(" \t\r\"'");
      if (first == std::string::npos) return std::string();
      return part.substr(first, part.find_last_not_of(" \t\r\"'") - first + 1);
    };
    if (trim(line.substr(0, equals)) == key) return trim(line.substr(equals + 1));
  }
  return {};
}

std::vector<AptSource> read_apt_sources(const fs::path& apt) {
  std::vector<AptSource> sources = parse_apt_lines(read_or_empty(apt / "sources.list"));
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(apt / "sources.list.d", error))
    files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    std::vector<AptSource> more;
    if (file.extension() == ".list") more = parse_apt_lines(read_or_empty(file));
    if (file.extension() == ".sources") more = parse_apt_stanzas(read_or_empty(file));
    sources.insert(sources.end(), more.begin(), more.end());
  }
  return sources;
}

// Sorts what `apt-config dump Acquire` prints into the two groups we pass on.
void read_apt_options(HostSettings& settings) {
  const auto dump =
      run_program({.argv = {"apt-config", "dump", "Acquire"}, .timeout = std::chrono::seconds(10)});
  if (!dump || dump->exit_code != 0) return;
  static constexpr std::array<std::string_view, 6> transport{
      "Acquire::http::",    "Acquire::https::",   "Acquire::Retries",
      "Acquire::ForceIPv4", "Acquire::ForceIPv6", "Acquire::Queue-Mode"};
  static constexpr std::array<std::string_view, 3> validity{
      "Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::Max-ValidTime"};
  std::istringstream in(dump->output);
  for (std::string line; std::getline(in, line);) {
    // A command of the host that finds proxies cannot run in a build step.
    if (line.find("Proxy-Auto-Detect") != std::string::npos || line.ends_with("\"\";")) continue;
    const auto begins = [&](std::string_view prefix) { return line.starts_with(prefix); };
    if (std::ranges::any_of(transport, begins)) settings.apt_transport += line + "\n";
    if (std::ranges::any_of(validity, begins)) settings.apt_validity += line + "\n";
  }
}

void read_registries(const HostPaths& paths, HostSettings& settings) {
  static constexpr std::array<std::string_view, 22> passed{"HTTP_PROXY",
                                                           "HTTPS_PROXY",
                                                           "NO_PROXY",
                                                           "ALL_PROXY",
                                                           "http_proxy",
                                                           "https_proxy",
                                                           "no_proxy",
                                                           "all_proxy",
                                                           "PIP_INDEX_URL",
                                                           "PIP_EXTRA_INDEX_URL",
                                                           "PIP_TRUSTED_HOST",
                                                           "PIP_DEFAULT_TIMEOUT",
                                                           "GOPROXY",
                                                           "GOSUMDB",
                                                           "GONOSUMDB",
                                                           "GOPRIVATE",
                                                           "GONOPROXY",
                                                           "GOINSECURE",
                                                           "NPM_CONFIG_REGISTRY",
                                                           "YARN_REGISTRY",
                                                           "COREPACK_NPM_REGISTRY",
                                                           "COMPOSER_AUTH"};
  for (const std::string_view name : passed) {
    const auto found = paths.environment.find(std::string(name));
    if (found != paths.environment.end()) settings.env.insert(*found);
  }
  const auto fill = [&](const std::string& name, std::string value) {
    if (!value.empty()) settings.env.emplace(name, std::move(value));
  };
  if (const auto npm = paths.environment.find("npm_config_registry");
      npm != paths.environment.end())
    fill("NPM_CONFIG_REGISTRY", npm->second);
  if (!paths.home.empty()) {
    fill("NPM_CONFIG_REGISTRY", setting_of(read_or_empty(paths.home / ".npmrc"), "registry"));
    for (const char* file : {".config/pip/pip.conf", ".pip/pip.conf"})
      fill("PIP_INDEX_URL", setting_of(read_or_empty(paths.home / file), "index-url"));
    const std::string go = read_or_empty(paths.home / ".config/go/env");
    for (const char* name : {"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY"})
      fill(name, setting_of(go, name));
  }
  fill("PIP_INDEX_URL",
       setting_of(read_or_empty(paths.apt.parent_path() / "pip.conf"), "index-url"));
  if (const auto npm = settings.env.find("NPM_CONFIG_REGISTRY"); npm != settings.env.end())
    fill("COREPACK_NPM_REGISTRY", npm->second);
}

}  // namespace

HostPaths current_host_paths() {
  HostPaths paths;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string text(*entry);
    if (const auto equals = text.find('='); equals != std::string::npos)
      paths.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const auto home = paths.environment.find("HOME"); home != paths.environment.end())
    paths.home = home->second;
  // A bundle the operator named for this process wins over the system's.
  if (const auto ca = paths.environment.find("SSL_CERT_FILE"); ca != paths.environment.end())
    paths.ca_certificates = ca->second;
  return paths;
}

HostSettings read_host_settings(const HostPaths& paths) {
  HostSettings settings;
  settings.codename = setting_of(read_or_empty(paths.os_release), "VERSION_CODENAME");
  settings.apt_sources = read_apt_sources(paths.apt);
  read_apt_options(settings);
  read_registries(paths, settings);
  settings.ca_certificates = read_or_empty(paths.ca_certificates);
  return settings;
}

std::string shell_exports(const std::map<std::string, std::string>& env) {
  std::string text;
  for (const auto& [name, value] : env) {
    std::string quoted;
    for (const char c : value) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += fmt::format("export {}='{}'\n", name, quoted);
  }
  return text;
}

}  // namespace croft::build
