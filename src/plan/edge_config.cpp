#include "plan/edge_config.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "plan/edge_names.h"
#include "plan/edge_pages.h"
#include "plan/edge_routes.h"

namespace croft {
namespace {

namespace json = boost::json;

// sun_path has 108 bytes; Caddy puts nothing of its own there, the host's view may be longer.
constexpr std::size_t kMaxSocketPath = 100;
// Of the question whether a name may have a certificate.
constexpr const char* kPermissionPath = "/croft/may-have-certificate";

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
  if (!valid_file_path(settings.resolver_socket) ||
      settings.resolver_socket.size() > kMaxSocketPath) {
    return bad(fmt::format("resolver {} is not an absolute path of at most {} plain characters",
                           settings.resolver_socket, kMaxSocketPath));
  }
  for (const std::string* directory : {&settings.storage_dir, &settings.routes_dir}) {
    if (valid_file_path(*directory)) continue;
    return bad(fmt::format("directory {} is not an absolute path of plain characters", *directory));
  }
  if (!settings.access_log.empty() && !valid_file_path(settings.access_log)) {
    return bad(fmt::format("access log {} is not an absolute path of plain characters",
                           settings.access_log));
  }
  if (settings.stream_close_delay_s < 0) return bad("the stream close delay is negative");
  return {};
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

json::object proxy(const EdgeSettings& settings) {
  const json::object upstreams{
      {"source", "a"},
      // The last label is for the resolver; the dot keeps the search list of the machine out.
      {"name",
       "{http.regexp.route.service}.{http.regexp.route.project}.croft.{http.regexp.route.core}."},
      {"port", "{http.regexp.route.port}"},
      {"refresh", "500ms"},
      {"dial_timeout", "1s"},
      {"versions", json::object{{"ipv4", false}, {"ipv6", true}}},
      {"resolver",
       json::object{{"addresses", json::array{"unixpacket/" + settings.resolver_socket}}}}};
  return {
      {"handler", "reverse_proxy"},
      {"dynamic_upstreams", upstreams},
      // Not in turn: the turns would be counted for all services together, and of two services that
      // are asked in turn each would be seen by the same instance for ever.
      {"load_balancing", json::object{{"selection_policy", json::object{{"policy", "least_conn"}}},
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

json::object matched(json::object match, json::array handle) {
  return {{"match", json::array{std::move(match)}}, {"handle", std::move(handle)}};
}

json::object subroute(json::object route) {
  return {{"handler", "subroute"}, {"routes", json::array{std::move(route)}}};
}

json::object regexp(std::string_view placeholder, std::string_view pattern,
                    std::string_view name = {}) {
  json::object match{{"pattern", pattern}};
  if (!name.empty()) match["name"] = name;
  return {{"vars_regexp", json::object{{placeholder, std::move(match)}}}};
}

json::object file_exists(const EdgeSettings& settings, std::string path) {
  return {{"file", json::object{{"root", settings.routes_dir},
                                {"try_files", json::array{std::move(path)}}}}};
}

// Files are found by the name as it is written, names mean the same in any letter case.
json::object lower_case() {
  json::array letters;
  for (char c = 'A'; c <= 'Z'; ++c) {
    letters.push_back(json::object{{"search", std::string(1, c)},
                                   {"replace", std::string(1, static_cast<char>(c - 'A' + 'a'))}});
  }
  const json::object replace{{"replace", json::object{{"Host", std::move(letters)}}}};
  return matched(regexp("{http.request.host}", "[A-Z]"),
                 json::array{json::object{{"handler", "headers"}, {"request", replace}}});
}

// One inside the other, because matchers beside each other have no order. The first keeps names out
// that would be another path: "." or "..", or none.
json::object service_route(const EdgeSettings& settings) {
  json::object found =
      matched(regexp("{http.matchers.file.relative}", kEdgeRoutePattern, "route"),
              json::array{log_field("project", "{http.regexp.route.project}"),
                          log_field("service", "{http.regexp.route.service}"), proxy(settings)});
  json::object known = matched(file_exists(settings, "/{http.request.host}/*"),
                               json::array{subroute(std::move(found))});
  return matched(regexp("{http.request.host}", "^[a-z0-9-]+([.][a-z0-9-]+)*$"),
                 json::array{subroute(std::move(known))});
}

// Names under a domain of a single label need certificates of their own (clients refuse wildcards
// there), which are made when somebody asks for one that has a route.
bool has_wildcard(const EdgeSettings& settings) {
  return settings.platform_domain.find('.') != std::string::npos;
}

// Where this edge asks itself whether a name may have a certificate.
std::string permission_host(const EdgeSettings& settings) {
  if (settings.listen_addresses.empty()) return "127.0.0.1";
  return settings.listen_addresses.front();
}

// Whether a name is served everybody can see, so it is no secret who asks.
json::object permission_route(const EdgeSettings& settings) {
  json::object known =
      matched(file_exists(settings, "/{http.request.uri.query.domain}/*"),
              json::array{json::object{{"handler", "static_response"}, {"status_code", "200"}}});
  json::object good =
      matched(regexp("{http.request.uri.query.domain}", "^[a-z0-9-]+([.][a-z0-9-]+)*$"),
              json::array{subroute(std::move(known))});
  json::object asked = matched(
      {{"host", json::array{permission_host(settings)}}, {"path", json::array{kPermissionPath}}},
      json::array{subroute(std::move(good))});
  return asked;
}

json::array routes_json(const EdgeSettings& settings, bool with_permission) {
  json::array list;
  const json::object preparation{
      {"handle", json::array{trusted_headers(), log_field("request_id", "{http.request.uuid}")}}};
  list.push_back(preparation);
  if (with_permission) list.push_back(permission_route(settings));
  list.push_back(lower_case());
  list.push_back(service_route(settings));
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
                    bool with_permission) {
  return {{"listen", listeners(settings, port)},
          {"protocols", std::move(protocols)},
          {"read_header_timeout", "10s"},
          {"idle_timeout", "2m"},
          {"max_header_bytes", 65536},
          // Without it, the first byte of an answer closes the request's body; when the service
          // answers between the body's last byte and its end, the proxy then breaks the answer off
          // (about 1 of 100 small POSTs, measured).
          {"enable_full_duplex", true},
          {"routes", routes_json(settings, with_permission)},
          {"errors", json::object{{"routes", edge_error_routes()}}},
          {"automatic_https", json::object{{"disable", true}}},
          {"logs", json::object{}}};
}

// Two, because HTTP/2 on a server of both would mean HTTP/2 without TLS too (h2c).
json::object servers(const EdgeSettings& settings) {
  json::object https = server(settings, settings.https_port, json::array{"h1", "h2", "h3"}, false);
  // A client that names nobody, or somebody else, sees a certificate with the wrong name instead of
  // a connection that breaks.
  const json::object policy{{"default_sni", settings.platform_domain},
                            {"fallback_sni", settings.platform_domain}};
  https["tls_connection_policies"] = json::array{policy};
  const bool asks_itself = !has_wildcard(settings);
  return {{"http", server(settings, settings.http_port, json::array{"h1"}, asks_itself)},
          {"https", std::move(https)}};
}

// One wildcard serves every service, so that a new one waits for no certificate.
json::object tls(const EdgeSettings& settings) {
  const std::string& domain = settings.platform_domain;
  const json::array issuers{json::object{{"module", "internal"}, {"ca", "local"}}};
  if (has_wildcard(settings)) {
    return {{"certificates", json::object{{"automate", json::array{"*." + domain, domain}}}},
            {"automation",
             json::object{{"policies", json::array{json::object{{"issuers", issuers}}}}}}};
  }
  const std::string host = permission_host(settings);
  const bool v6 = host.find(':') != std::string::npos;
  const json::object permission{
      {"module", "http"},
      {"endpoint", fmt::format("http://{}:{}{}", v6 ? "[" + host + "]" : host, settings.http_port,
                               kPermissionPath)}};
  const json::object by_demand{
      {"subjects", json::array{"*." + domain}}, {"on_demand", true}, {"issuers", issuers}};
  return {{"certificates", json::object{{"automate", json::array{domain}}}},
          {"automation",
           json::object{{"on_demand", json::object{{"permission", permission}}},
                        {"policies", json::array{by_demand, json::object{{"issuers", issuers}}}}}}};
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

Result<std::string> render_edge_config(const EdgeSettings& settings) {
  CROFT_TRY(validate_settings(settings));

  const std::string delay = seconds(settings.stream_close_delay_s);
  const json::object http{{"http_port", settings.http_port},
                          {"https_port", settings.https_port},
                          // Long answers and event streams that are open at a change.
                          {"grace_period", delay},
                          // GET /metrics on the admin socket; by server and code, never by host.
                          {"metrics", json::object{}},
                          {"servers", servers(settings)}};
  const json::object authority{{"name", "croft"}, {"install_trust", false}};
  const json::object config{
      {"admin", json::object{{"listen", fmt::format("unix/{}|0600", settings.admin_socket)},
                             {"config", json::object{{"persist", true}}}}},
      {"logging", logging(settings)},
      {"storage", json::object{{"module", "file_system"}, {"root", settings.storage_dir}}},
      {"apps", json::object{{"http", http},
                            {"tls", tls(settings)},
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
