#include "spec/probe_parser.h"

#include <fmt/format.h>

#include "spec/deploy_files.h"
#include "spec/keys.h"

namespace croft::spec {
namespace {

constexpr int kMaxSeconds = 86'400;

std::optional<Probe> read_probe(const MapReader& map, std::string_view what) {
  Complaints& out = map.out();
  const auto http_get = map.get("httpGet");
  const auto exec = map.get("exec");
  if (http_get && exec) {
    out.error(exec->key_at, exec->pointer,
              fmt::format("{} takes one of httpGet and exec, not both", what));
    return std::nullopt;
  }
  if (exec) {
    const MapReader command_map(*exec, "exec", keys::kExec, out);
    const auto command = command_map.require("command");
    const auto text = command ? read_text(*command, out) : std::nullopt;
    return text ? std::optional<Probe>(Exec{*text}) : std::nullopt;
  }
  if (!http_get) {
    if (map) {
      out.error(map.field().key_at, map.field().pointer,
                fmt::format("{} needs one of httpGet and exec", what));
    }
    return std::nullopt;
  }
  const MapReader get_map(*http_get, "httpGet", keys::kHttpGet, out);
  HttpGet get;
  get.scheme = "http";
  if (const auto port = get_map.require("port")) {
    get.port = read_int(*port, 1, 65535, out).value_or(0);
  }
  if (const auto path = get_map.require("path")) {
    get.path = read_text(*path, out).value_or("/");
    if (get.path.front() != '/') {
      out.warning(path->at(), path->pointer, "a path begins with a slash: one is put in front");
      get.path.insert(0, 1, '/');
    }
  }
  get_map.string("host", get.host);
  if (const auto scheme = get_map.get("scheme")) {
    constexpr auto kSchemes = std::to_array<std::string_view>({"http", "https"});
    get.scheme = read_choice(*scheme, kSchemes, out).value_or("http");
  }
  if (get.port == 0 || get.path.empty()) return std::nullopt;
  return get;
}

bool is_absolute_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::vector<Redirect> read_redirects(const Field& field, Complaints& out) {
  std::vector<Redirect> result;
  for (const Field& item : read_items(field, out)) {
    const MapReader map(item, "redirects", keys::kRedirect, out);
    Redirect redirect;
    if (const auto from = map.require("from")) redirect.from = read_text(*from, out).value_or("");
    const auto to = map.require("to");
    if (to) redirect.to = read_text(*to, out).value_or("");
    map.integer("status", 300, 399, redirect.status);
    map.boolean("preservePath", redirect.preserve_path);
    map.boolean("preserveQuery", redirect.preserve_query);
    if (is_absolute_url(redirect.to) && !map.get("status")) {
      out.error(to->at(), to->pointer,
                "a redirect to another site needs a 'status', such as 301 or 302");
    }
    result.push_back(std::move(redirect));
  }
  return result;
}

std::vector<HeaderRule> read_headers(const Field& field, Complaints& out) {
  std::vector<HeaderRule> result;
  for (const Field& item : read_items(field, out)) {
    const MapReader map(item, "headers", keys::kHeaderRule, out);
    HeaderRule rule;
    if (const auto path = map.require("for")) rule.for_path = read_text(*path, out).value_or("");
    if (const auto values = map.require("values")) {
      if ((*values)->kind != NodeKind::kMapping) {
        out.error(values->at(), values->pointer,
                  fmt::format("expected headers as Name: value, found {}", (*values)->describe()));
      }
      for (const MapEntry& entry : (*values)->entries) {
        if (auto text = read_string(values->entry(entry), out)) {
          rule.values.emplace(entry.key, std::move(*text));
        }
      }
    }
    result.push_back(std::move(rule));
  }
  return result;
}

}  // namespace

std::optional<ReadinessCheck> read_readiness_check(const Field& field, Complaints& out) {
  const MapReader map(field, "readinessCheck", keys::kReadinessCheck, out);
  auto probe = read_probe(map, "readinessCheck");
  ReadinessCheck check;
  map.integer("failureTimeout", 1, kMaxSeconds, check.failure_timeout);
  map.integer("retryPeriod", 1, kMaxSeconds, check.retry_period);
  if (check.failure_timeout && check.retry_period && *check.retry_period > *check.failure_timeout) {
    const auto period = map.get("retryPeriod");
    out.warning(
        period->at(), period->pointer,
        fmt::format("retryPeriod ({} s) is longer than failureTimeout ({} s): the check runs "
                    "once only",
                    *check.retry_period, *check.failure_timeout));
  }
  if (!probe) return std::nullopt;
  check.probe = std::move(*probe);
  return check;
}

std::optional<HealthCheck> read_health_check(const Field& field, Complaints& out) {
  const MapReader map(field, "healthCheck", keys::kHealthCheck, out);
  auto probe = read_probe(map, "healthCheck");
  HealthCheck check;
  map.integer("failureTimeout", 1, kMaxSeconds, check.failure_timeout);
  map.integer("disconnectTimeout", 1, kMaxSeconds, check.disconnect_timeout);
  map.integer("recoveryTimeout", 1, kMaxSeconds, check.recovery_timeout);
  map.integer("execPeriod", 1, kMaxSeconds, check.exec_period);
  if (!probe) return std::nullopt;
  check.probe = std::move(*probe);
  return check;
}

Routing read_routing(const Field& field, Complaints& out) {
  const MapReader map(field, "routing", keys::kRouting, out);
  Routing routing;
  if (const auto root = map.get("root")) {
    const std::string text = read_string(*root, out).value_or("");
    if (auto path = normalise_path(text)) {
      routing.root = std::move(*path);
    } else {
      out.error(root->at(), root->pointer, path.error().message());
    }
  }
  map.string("cors", routing.cors);
  if (const auto redirects = map.get("redirects")) {
    routing.redirects = read_redirects(*redirects, out);
  }
  if (const auto headers = map.get("headers")) routing.headers = read_headers(*headers, out);
  return routing;
}

}  // namespace croft::spec
