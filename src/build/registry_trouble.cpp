#include "build/registry_trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace croft::build {
namespace {

constexpr std::size_t kShown = 300;

// As apt, curl, Python, npm, Composer and Go say it.
constexpr auto kUnreachable =
    std::to_array<std::string_view>({"Could not resolve",
                                     "Temporary failure resolving",
                                     "Temporary failure in name resolution",
                                     "Name or service not known",
                                     "No address associated with hostname",
                                     "no such host",
                                     "ENOTFOUND",
                                     "EAI_AGAIN",
                                     "ECONNREFUSED",
                                     "ETIMEDOUT",
                                     "EHOSTUNREACH",
                                     "ENETUNREACH",
                                     "ERR_SOCKET_TIMEOUT",
                                     "Connection refused",
                                     "connection refused",
                                     "Network is unreachable",
                                     "network is unreachable",
                                     "Connection timed out",
                                     "i/o timeout",
                                     "Could not connect",
                                     "Unable to connect",
                                     "Failed to connect to",
                                     "Failed to establish a new connection"});
constexpr auto kCertificate = std::to_array<std::string_view>(
    {"certificate verify failed", "Certificate verification failed", "SELF_SIGNED_CERT",
     "certificate signed by unknown authority", "unable to get local issuer certificate",
     "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"});

// A package manager: how its lines look, and which variable names its registry.
struct Manager {
  std::string_view sign;
  std::string_view setting;
};
constexpr auto kManagers = std::to_array<Manager>({{"npm error", "NPM_CONFIG_REGISTRY"},
                                                   {"npm ERR!", "NPM_CONFIG_REGISTRY"},
                                                   {"ERR_PNPM", "NPM_CONFIG_REGISTRY"},
                                                   {"YN0", "YARN_NPM_REGISTRY_SERVER"},
                                                   {"pip._vendor", "PIP_INDEX_URL"},
                                                   {"connection broken by", "PIP_INDEX_URL"},
                                                   {"/simple/", "PIP_INDEX_URL"},
                                                   {"go: ", "GOPROXY"},
                                                   {"packagist", "COMPOSER_REPO_PACKAGIST"}});
// What stands in front of a host.
constexpr auto kBeforeHost = std::to_array<std::string_view>(
    {"://", "ENOTFOUND ", "EAI_AGAIN ", "ECONNREFUSED ", "ETIMEDOUT ", "host='",
     "resolve host: ", "resolving '", "resolve '", "dial tcp: lookup ", "Could not connect to ",
     "Failed to connect to "});

template <class Signs>
bool has_any(std::string_view line, const Signs& signs) {
  return std::ranges::any_of(
      signs, [&](std::string_view sign) { return line.find(sign) != std::string_view::npos; });
}

std::string host_at(std::string_view text) {
  const auto end = text.find_first_of("/ \t\"'<>(),;");
  text = text.substr(0, end);
  if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  while (text.ends_with(':') || text.ends_with('.')) text.remove_suffix(1);
  const bool looks = text.find_first_of(".:") != std::string_view::npos || text == "localhost";
  return looks ? std::string(text) : std::string();
}

std::string host_in(std::string_view line) {
  for (const std::string_view before : kBeforeHost) {
    const auto at = line.find(before);
    if (at == std::string_view::npos) continue;
    if (std::string host = host_at(line.substr(at + before.size())); !host.empty()) return host;
  }
  return {};
}

const Manager* manager_of(std::string_view line) {
  const auto found = std::ranges::find_if(kManagers, [&](const Manager& manager) {
    return line.find(manager.sign) != std::string_view::npos;
  });
  return found == kManagers.end() ? nullptr : &*found;
}

// Where the manager was told to look; empty: at its own default.
std::string host_of(const Manager& manager, const std::map<std::string, std::string>& env) {
  const auto set = env.find(std::string(manager.setting));
  return set == env.end() ? std::string() : host_in(set->second);
}

}  // namespace

std::optional<RegistryTrouble> find_registry_trouble(
    const std::vector<std::string>& lines, const std::map<std::string, std::string>& env) {
  std::optional<RegistryTrouble> found;
  for (const std::string& line : lines) {
    const bool certificate = has_any(line, kCertificate);
    if (!certificate && !has_any(line, kUnreachable)) continue;
    RegistryTrouble trouble{
        .host = host_in(line), .line = line.substr(0, kShown), .certificate = certificate};
    const Manager* manager = manager_of(line);
    if (manager != nullptr) trouble.setting = manager->setting;
    if (!trouble.host.empty()) return trouble;
    if (manager != nullptr) trouble.host = host_of(*manager, env);
    // A line that says more may follow: "npm error code ENOTFOUND" comes before the address.
    if (!found) found = std::move(trouble);
  }
  return found;
}

std::string describe(const RegistryTrouble& trouble) {
  std::string whom = trouble.host;
  if (!trouble.setting.empty()) {
    whom = whom.empty() ? "the default package registry" : "the package registry " + whom;
  }
  if (whom.empty()) whom = "a package archive or registry";
  if (trouble.certificate) {
    return fmt::format(
        "the certificate of {} is not trusted: {}; add its CA to the trust store of "
        "the server's machine, or name a bundle in SSL_CERT_FILE of croftd",
        whom, trouble.line);
  }
  std::string text = fmt::format(
      "{} cannot be reached: {}; check that the server's machine reaches it (network, DNS, proxy)",
      whom, trouble.line);
  if (!trouble.setting.empty()) {
    text += fmt::format(", and that {} names the registry you mean", trouble.setting);
  }
  return text;
}

}  // namespace croft::build
