#include "plan/edge_config.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <set>

#include "model/project.h"
#include "model/service.h"
#include "plan/edge_names.h"
#include "plan/edge_pages.h"

namespace croft {
namespace {

namespace json = boost::json;

// sun_path has 108 bytes; Caddy puts nothing of its own there, the host's view may be longer.
constexpr std::size_t kMaxSocketPath = 100;
constexpr std::size_t kMaxPathPrefix = 200;

bool is_address(int family, const std::string& text) {
  in6_addr buffer{};
  return inet_pton(family, text.c_str(), &buffer) == 1;
}

bool plain_path_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/-_.~@+").find(c) != std::string_view::npos;
}

bool valid_file_path(std::string_view path) {
  // '|' separates a socket's path from its mode, braces are placeholders.
  return !path.empty() && path.front() == '/' && path.size() < 4096 &&
         std::all_of(
             path.begin(), path.end(),
             [](char c) { return plain_path_char(c) || c == ' ' || c == ':'; });
}

bool valid_path_prefix(std::string_view path) {
  if (path == "/") return true;
  return path.size() > 1 && path.size() <= kMaxPathPrefix && path.front() == '/' &&
         path.back() != '/' && path.find("//") == std::string_view::npos &&
         std::all_of(path.begin(), path.end(), plain_path_char);
}

Status validate_settings(const EdgeSettings& settings) {
  const auto bad = [](std::string message) {
    return fail(ErrorCode::kInvalid, "edge settings: " + std::move(message));
  };
  if (!valid_platform_domain(settings.platform_domain)) {
    return bad(fmt::format("{} is not a domain name", settings.platform_domain));
  }
  for (const std::string& address : settings.listen_addresses) {
    if (!is_address(AF_INET, address) && !is_address(AF_INET6, address)) {
      return bad(fmt::format("listen address {} is neither IPv4 nor IPv6", address));
    }
  }
  if (settings.http_port == 0 || settings.https_port == 0 ||
      settings.http_port == settings.https_port) {
    return bad("the HTTP and HTTPS ports must be set and differ");
  }
  if (!valid_file_path(settings.admin_socket) || settings.admin_socket.size() > kMaxSocketPath) {
    return bad(fmt::format("admin socket {} is not an absolute path of at most {} plain characters",
                           settings.admin_socket, kMaxSocketPath));
  }
  if (!valid_file_path(settings.storage_dir)) {
    return bad(fmt::format("storage directory {} is not an absolute path of plain characters",
                           settings.storage_dir));
  }
  if (!settings.access_log.empty() && !valid_file_path(settings.access_log)) {
    return bad(fmt::format("access log {} is not an absolute path of plain characters",
                           settings.access_log));
  }
  if (settings.stream_close_delay_s < 0) return bad("the stream close delay is negative");
  return {};
}

json::array strings(const std::vector<std::string>& items) {
  return json::array(items.begin(), items.end());
}

std::string seconds(int count) {
  return fmt::format("{}s", count);
}

// What a client may not say about itself: underscore forms too, because many servers treat them as
// the same header. `Proxy` would become HTTP_PROXY in CGI programs.
json::object trusted_headers() {
  return {
      {"handler", "headers"},
      {"request",
       json::object{{"delete", json::array{"X-Forwarded*", "X_Forwarded*", "Forwarded", "X-Real*",
                                           "X_Real*", "X_Request*", "X-Request_*", "Proxy"}},
                    {"set", json::object{{"X-Request-Id", json::array{"{http.request.uuid}"}}}}}},
      {"response",
       json::object{{"set", json::object{{"X-Request-Id", json::array{"{http.request.uuid}"}}}},
                    // Deferred, so that it replaces what the service sent instead of doubling it.
                    {"deferred", true}}}};
}

json::object log_field(std::string_view key, std::string_view value) {
  return {{"handler", "log_append"}, {"key", key}, {"value", value}};
}

json::object transport() {
  return {
      {"protocol", "http"},
      {"versions", json::array{"1.1"}},
      {"dial_timeout", "1s"},
      // What the service sends arrives as it was sent.
      {"compression", false},
      // Not the proxy of the environment in which Caddy happens to run.
      {"network_proxy", json::object{{"from", "none"}}},
      // Shorter than the idle time after which servers close a connection (Node and uvicorn 5 s,
      // gunicorn 2 s): a POST sent into one that is being closed would fail, and is not repeated.
      {"keep_alive", json::object{{"idle_timeout", "1500ms"}, {"max_idle_conns_per_host", 256}}},
  };
}

json::object proxy(const EdgeRoute& route, const EdgeSettings& settings) {
  const json::object upstreams{
      {"source", "a"},
      {"name", fmt::format("{}.{}.croft", route.service, route.project)},
      {"port", std::to_string(route.port)},
      {"refresh", "500ms"},
      {"dial_timeout", "1s"},
      {"versions", json::object{{"ipv4", false}, {"ipv6", true}}},
      {"resolver", json::object{{"addresses", json::array{fmt::format("udp/[{}]:{}", route.resolver,
                                                                      route.resolver_port)}}}}};
  return {
      {"handler", "reverse_proxy"},
      {"dynamic_upstreams", upstreams},
      {"load_balancing", json::object{{"selection_policy", json::object{{"policy", "round_robin"}}},
                                      {"try_duration", "5s"},
                                      {"try_interval", "50ms"}}},
      {"flush_interval", -1},
      {"stream_close_delay", seconds(settings.stream_close_delay_s)},
      {"headers",
       json::object{
           {"request",
            json::object{
                {"set", json::object{{"X-Real-IP", json::array{"{http.request.remote.host}"}}}}}}}},
      {"transport", transport()}};
}

json::object service_route(const EdgeRoute& route, const EdgeSettings& settings) {
  json::object match{{"host", strings(route.hosts)}};
  if (route.path_prefix != "/") {
    match["path"] = json::array{route.path_prefix, route.path_prefix + "/*"};
  }
  return {{"match", json::array{std::move(match)}},
          {"handle", json::array{log_field("project", route.project),
                                 log_field("service", route.service), proxy(route, settings)}},
          {"terminal", true}};
}

// Longest path first, then by name: Caddy takes the first that matches.
Result<std::vector<EdgeRoute>> ordered(std::vector<EdgeRoute> routes) {
  std::map<std::pair<std::string, std::string>, std::string> claimed;
  for (EdgeRoute& route : routes) {
    CROFT_TRY(validate_edge_route(route));
    std::sort(route.hosts.begin(), route.hosts.end());
    const std::string owner = route.project + "/" + route.service;
    for (const std::string& host : route.hosts) {
      const auto [at, fresh] = claimed.try_emplace({host, route.path_prefix}, owner);
      if (fresh) continue;
      return fail(ErrorCode::kConflict,
                  fmt::format("route {}{} of service {}: service {} has it already; remove one",
                              host, route.path_prefix, owner, at->second));
    }
  }
  std::sort(routes.begin(), routes.end(), [](const EdgeRoute& a, const EdgeRoute& b) {
    if (a.path_prefix.size() != b.path_prefix.size()) {
      return a.path_prefix.size() > b.path_prefix.size();
    }
    return std::tie(a.path_prefix, a.hosts, a.port) < std::tie(b.path_prefix, b.hosts, b.port);
  });
  return routes;
}

json::array routes_json(const std::vector<EdgeRoute>& routes, const EdgeSettings& settings) {
  json::array list;
  const json::object preparation{
      {"handle", json::array{trusted_headers(), log_field("request_id", "{http.request.uuid}")}}};
  list.push_back(preparation);
  for (const EdgeRoute& route : routes) list.push_back(service_route(route, settings));
  const json::object unknown_name{{"handler", "error"}, {"status_code", 404}};
  list.push_back(json::object{{"handle", json::array{unknown_name}}});
  return list;
}

json::array listeners(const EdgeSettings& settings, std::uint16_t port) {
  json::array list;
  std::vector<std::string> addresses = settings.listen_addresses;
  if (addresses.empty()) addresses.emplace_back();
  for (const std::string& address : addresses) {
    const bool v6 = address.find(':') != std::string::npos;
    list.emplace_back(v6 ? fmt::format("[{}]:{}", address, port)
                         : fmt::format("{}:{}", address, port));
  }
  return list;
}

// What the server for HTTP and the one for HTTPS have in common.
json::object server(const EdgeSettings& settings, std::uint16_t port, json::array protocols,
                    const std::vector<EdgeRoute>& routes) {
  return {{"listen", listeners(settings, port)},
          {"protocols", std::move(protocols)},
          {"read_header_timeout", "10s"},
          {"idle_timeout", "2m"},
          {"max_header_bytes", 65536},
          // Without it, the first byte of an answer closes the request's body; when the service
          // answers between the body's last byte and its end, the proxy then breaks the answer off
          // (about 1 of 100 small POSTs, measured).
          {"enable_full_duplex", true},
          {"routes", routes_json(routes, settings)},
          {"errors", json::object{{"routes", edge_error_routes()}}},
          {"automatic_https", json::object{{"disable", true}}},
          {"logs", json::object{}}};
}

// Two, because HTTP/2 on a server of both would mean HTTP/2 without TLS too (h2c).
json::object servers(const EdgeSettings& settings, const std::vector<EdgeRoute>& routes) {
  json::object https = server(settings, settings.https_port, json::array{"h1", "h2", "h3"}, routes);
  // A client that names nobody, or somebody else, sees a certificate with the wrong name instead of
  // a connection that breaks.
  const json::object policy{{"default_sni", settings.platform_domain},
                            {"fallback_sni", settings.platform_domain}};
  https["tls_connection_policies"] = json::array{policy};
  return {{"http", server(settings, settings.http_port, json::array{"h1"}, routes)},
          {"https", std::move(https)}};
}

// Names that need a certificate. One wildcard serves every service, so that a new one waits for no
// certificate; names outside it, and every name under a domain of a single label (clients refuse
// wildcards there), get their own.
json::array certificate_names(const EdgeDesired& desired, const std::vector<EdgeRoute>& routes) {
  const std::string& domain = desired.settings.platform_domain;
  const bool wildcard = domain.find('.') != std::string::npos;
  const std::string suffix = "." + domain;
  std::set<std::string> names{domain};
  if (wildcard) names.insert("*" + suffix);
  for (const EdgeRoute& route : routes) {
    for (const std::string& host : route.hosts) {
      const std::size_t dot = host.find('.');
      const bool covered = wildcard && dot != std::string::npos && host.substr(dot) == suffix;
      if (!covered) names.insert(host);
    }
  }
  return strings({names.begin(), names.end()});
}

json::object tls(const EdgeDesired& desired, const std::vector<EdgeRoute>& routes) {
  const json::object internal{{"module", "internal"}, {"ca", "local"}};
  return {
      {"certificates", json::object{{"automate", certificate_names(desired, routes)}}},
      {"automation",
       json::object{{"policies", json::array{json::object{{"issuers", json::array{internal}}}}}}}};
}

// Access lines go their own way; what headers hold is the tenant's business and stays out.
json::object logging(const EdgeSettings& settings) {
  json::object writer{{"output", "stdout"}};
  if (!settings.access_log.empty()) {
    writer = {{"output", "file"},
              {"filename", settings.access_log},
              {"roll_size_mb", 50},
              {"roll_keep", 3}};
  }
  json::object fields;
  for (const char* name : {"request>headers", "request>tls", "resp_headers"}) {
    fields[name] = json::object{{"filter", "delete"}};
  }
  const json::object access{
      {"writer", std::move(writer)},
      {"include", json::array{"http.log.access"}},
      {"encoder",
       json::object{{"format", "filter"},
                    {"wrap", json::object{{"format", "json"}, {"time_format", "rfc3339_nano"}}},
                    {"fields", std::move(fields)}}}};
  const json::object own{{"writer", json::object{{"output", "stderr"}}},
                         {"level", "WARN"},
                         {"exclude", json::array{"http.log.access"}}};
  return {{"logs", json::object{{"default", own}, {"access", access}}}};
}

}  // namespace

Status validate_edge_route(const EdgeRoute& route) {
  const std::string name = fmt::format("route of service {}/{}", route.project, route.service);
  const auto bad = [&](std::string message) {
    return fail(ErrorCode::kInvalid, name + ": " + std::move(message));
  };
  if (!valid_project_name(route.project) || !valid_hostname(route.service)) {
    return bad("these are not the names of a project and a service");
  }
  if (route.port == 0) return bad("it has no port");
  if (route.hosts.empty()) return bad("it has no host name");
  for (const std::string& host : route.hosts) {
    if (!valid_platform_domain(host) || host.size() > 253) {
      return bad(fmt::format("\"{}\" is not a host name", host));
    }
  }
  if (!is_address(AF_INET6, route.resolver) || route.resolver_port == 0) {
    return bad(fmt::format("the resolver \"{}\" is not an IPv6 address", route.resolver));
  }
  if (!valid_path_prefix(route.path_prefix)) {
    return bad(fmt::format("path \"{}\" must be / or /name/…, of letters, digits and -_.~@+",
                           route.path_prefix));
  }
  return {};
}

Result<std::string> render_edge_config(const EdgeDesired& desired) {
  CROFT_TRY(validate_settings(desired.settings));
  const auto routes = ordered(desired.routes);
  if (!routes) return fail(routes.error());
  const EdgeSettings& settings = desired.settings;

  const std::string delay = seconds(settings.stream_close_delay_s);
  const json::object http{{"http_port", settings.http_port},
                          {"https_port", settings.https_port},
                          // Long answers and event streams that are open at a change.
                          {"grace_period", delay},
                          // GET /metrics on the admin socket; by server and code, never by host.
                          {"metrics", json::object{}},
                          {"servers", servers(settings, *routes)}};
  const json::object authority{{"name", "croft"}, {"install_trust", false}};
  const json::object config{
      {"admin", json::object{{"listen", fmt::format("unix/{}|0600", settings.admin_socket)},
                             {"config", json::object{{"persist", true}}}}},
      {"logging", logging(settings)},
      {"storage", json::object{{"module", "file_system"}, {"root", settings.storage_dir}}},
      {"apps", json::object{{"http", http},
                            {"tls", tls(desired, *routes)},
                            {"pki", json::object{{"certificate_authorities",
                                                  json::object{{"local", authority}}}}}}}};
  return json::serialize(config);
}

bool same_edge_config(std::string_view a, std::string_view b) {
  if (a == b && !a.empty()) return true;
  const auto left = parse_json(a);
  const auto right = parse_json(b);
  return left && right && *left == *right;
}

std::string edge_root_certificate_path(std::string_view storage_dir) {
  return std::string(storage_dir) + "/pki/authorities/local/root.crt";
}

}  // namespace croft
