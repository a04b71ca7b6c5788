#include "plan/edge_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/project.h"

namespace croft {
namespace {

constexpr std::size_t kMaxPlatformDomain = 180;
constexpr int kHighestPort = 65435;

bool valid_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::vector<std::uint16_t> http_ports(const std::vector<Port>& ports) {
  std::vector<std::uint16_t> found;
  for (const Port& port : ports) {
    const bool known = std::find(found.begin(), found.end(), port.port) != found.end();
    if (port.http && port.protocol == PortProtocol::kTcp && !known) found.push_back(port.port);
  }
  return found;
}

}  // namespace

bool valid_platform_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > kMaxPlatformDomain) return false;
  for (;;) {
    const std::size_t dot = domain.find('.');
    if (!valid_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

bool project_name_ends_like_a_port(std::string_view project) {
  const std::size_t dash = project.rfind('-');
  if (dash == std::string_view::npos) return false;
  const std::string_view tail = project.substr(dash + 1);
  // A port is never written with a leading zero, so such a tail is not one.
  if (tail.empty() || tail.size() > 5 || tail.front() == '0') return false;
  int number = 0;
  const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), number);
  return error == std::errc() && end == tail.data() + tail.size() && number >= kLowestNamedPort &&
         number <= kHighestPort;
}

Result<std::vector<EdgeName>> edge_names(std::string_view project, std::string_view hostname,
                                         const std::vector<Port>& ports, std::string_view domain) {
  if (!valid_project_name(project) || !valid_hostname(hostname) || !valid_platform_domain(domain)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("service {}/{}: no name under {} can be made of these", project,
                            hostname, domain));
  }
  std::vector<std::uint16_t> numbers = http_ports(ports);
  std::vector<EdgeName> names;
  if (numbers.empty()) return names;
  const auto eighty = std::find(numbers.begin(), numbers.end(), 80);
  if (eighty != numbers.end()) std::rotate(numbers.begin(), eighty, eighty + 1);

  const bool with_port_only = project_name_ends_like_a_port(project);
  if (!with_port_only) {
    names.push_back({fmt::format("{}-{}.{}", hostname, project, domain), numbers.front()});
  }
  for (const std::uint16_t port : numbers) {
    if (numbers.size() == 1 && !with_port_only) break;
    if (port < kLowestNamedPort || port > kHighestPort) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("service {}/{}: port {} needs a name with its number, and only ports "
                              "{} to {} can have one; use another port for HTTP",
                              project, hostname, port, kLowestNamedPort, kHighestPort));
    }
    names.push_back({fmt::format("{}-{}-{}.{}", hostname, project, port, domain), port});
  }
  return names;
}

}  // namespace croft
