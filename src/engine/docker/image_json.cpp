// Images, networks, volumes, secrets and events.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/docker/container_json.h"
#include "engine/docker/service_json.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

ImageConfig config_from_json(JsonView view) {
  return {view["Entrypoint"].texts(), view["Cmd"].texts(), env_from_json(view["Env"]),
          view["WorkingDir"].text(),  view["User"].text(), view["StopSignal"].text(),
          view["Labels"].text_map()};
}

// One word of a Dockerfile instruction, in which nothing is expanded.
std::string quoted(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + "\"";
}

// An untagged image lists this.
constexpr std::string_view kNoTag = "<none>:<none>";

Event::Kind event_kind_from(const std::string& type) {
  if (type == "container") return Event::Kind::kContainer;
  if (type == "service") return Event::Kind::kService;
  if (type == "node") return Event::Kind::kNode;
  if (type == "network") return Event::Kind::kNetwork;
  if (type == "volume") return Event::Kind::kVolume;
  if (type == "image") return Event::Kind::kImage;
  return Event::Kind::kOther;
}

Event::Action event_action_from(const std::string& action) {
  static const std::map<std::string, Event::Action> kActions{
      {"create", Event::Action::kCreate},   {"start", Event::Action::kStart},
      {"kill", Event::Action::kKill},       {"oom", Event::Action::kOom},
      {"die", Event::Action::kDie},         {"stop", Event::Action::kStop},
      {"update", Event::Action::kUpdate},   {"destroy", Event::Action::kRemove},
      {"remove", Event::Action::kRemove},   {"delete", Event::Action::kRemove},
      {"connect", Event::Action::kConnect}, {"disconnect", Event::Action::kDisconnect}};
  if (action.starts_with("health_status")) return Event::Action::kHealth;
  const auto found = kActions.find(action);
  return found == kActions.end() ? Event::Action::kOther : found->second;
}

std::optional<int> number_attribute(const std::map<std::string, std::string>& attributes,
                                    const std::string& key) {
  const auto found = attributes.find(key);
  if (found == attributes.end() || found->second.empty() || found->second.size() > 6) {
    return std::nullopt;
  }
  int number = 0;
  for (const char c : found->second) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

ImageInfo image_from_list(JsonView view) {
  ImageInfo info;
  info.id = view["Id"].text();
  info.tags = view["RepoTags"].texts();
  std::erase(info.tags, kNoTag);
  info.labels = view["Labels"].text_map();
  info.size_bytes = view["Size"].integer();
  info.created = {view["Created"].integer() * 1000};
  return info;
}

ImageInfo image_from_inspect(JsonView view) {
  ImageInfo info;
  info.id = view["Id"].text();
  info.tags = view["RepoTags"].texts();
  info.config = config_from_json(view["Config"]);
  info.labels = info.config.labels;
  info.size_bytes = view["Size"].integer();
  info.created = view["Created"].time();
  return info;
}

json::object image_config_to_json(const ImageConfig& config) {
  json::object object;
  if (!config.entrypoint.empty()) object["Entrypoint"] = to_json(config.entrypoint);
  if (!config.command.empty()) object["Cmd"] = to_json(config.command);
  if (!config.env.empty()) object["Env"] = env_to_json(config.env);
  if (!config.workdir.empty()) object["WorkingDir"] = config.workdir;
  if (!config.user.empty()) object["User"] = config.user;
  if (!config.stop_signal.empty()) object["StopSignal"] = config.stop_signal;
  if (!config.labels.empty()) object["Labels"] = to_json(config.labels);
  return object;
}

Result<Strings> image_config_to_instructions(const ImageConfig& config) {
  Strings lines;
  if (!config.entrypoint.empty()) {
    lines.push_back("ENTRYPOINT " + json::serialize(to_json(config.entrypoint)));
  }
  if (!config.command.empty()) lines.push_back("CMD " + json::serialize(to_json(config.command)));
  for (const auto& [name, value] : config.env) lines.push_back("ENV " + name + "=" + quoted(value));
  for (const auto& [name, value] : config.labels) {
    lines.push_back("LABEL " + quoted(name) + "=" + quoted(value));
  }
  if (!config.workdir.empty()) lines.push_back("WORKDIR " + quoted(config.workdir));
  if (!config.user.empty()) lines.push_back("USER " + quoted(config.user));
  if (!config.stop_signal.empty()) {
    return fail(ErrorCode::kUnsupported, "an import cannot set a stop signal: commit it instead");
  }
  for (const std::string& line : lines) {
    if (line.find_first_of("\r\n") != std::string::npos) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: a value with a line end cannot be set while importing an image",
                              line.substr(0, line.find_first_of("=\r\n"))));
    }
  }
  return lines;
}

json::object network_to_json(const NetworkSpec& spec) {
  json::array ranges;
  for (const AddressRange& range : spec.ranges) {
    json::object object{{"Subnet", range.subnet}};
    if (!range.ip_range.empty()) object["IPRange"] = range.ip_range;
    if (!range.gateway.empty()) object["Gateway"] = range.gateway;
    ranges.push_back(std::move(object));
  }
  json::object object{{"Name", spec.name},
                      {"CheckDuplicate", true},
                      {"Driver", spec.driver},
                      {"Internal", spec.internal},
                      {"Attachable", spec.attachable},
                      {"EnableIPv6", spec.enable_ipv6},
                      {"ConfigOnly", spec.config_only},
                      {"Options", to_json(spec.options)}};
  // The engine refuses labels beside a config-only network, which gives its own.
  if (spec.config_from.empty()) object["Labels"] = to_json(spec.labels);
  if (spec.swarm_scope) object["Scope"] = "swarm";
  if (!ranges.empty()) object["IPAM"] = {{"Driver", "default"}, {"Config", std::move(ranges)}};
  if (!spec.config_from.empty()) object["ConfigFrom"] = {{"Network", spec.config_from}};
  return object;
}

NetworkInfo network_from_json(JsonView view) {
  NetworkInfo info;
  NetworkSpec& spec = info.spec;
  info.id = view["Id"].text();
  info.created = view["Created"].time();
  spec.name = view["Name"].text();
  spec.driver = view["Driver"].text();
  spec.labels = view["Labels"].text_map();
  spec.options = view["Options"].text_map();
  for (const JsonView range : view["IPAM"]["Config"].items()) {
    spec.ranges.push_back(
        {range["Subnet"].text(), range["IPRange"].text(), range["Gateway"].text()});
  }
  spec.enable_ipv6 = view["EnableIPv6"].flag();
  spec.config_only = view["ConfigOnly"].flag();
  spec.config_from = view["ConfigFrom"]["Network"].text();
  spec.swarm_scope = view["Scope"].text() == "swarm";
  spec.attachable = view["Attachable"].flag();
  spec.internal = view["Internal"].flag();
  for (const auto& [id, endpoint] : view["Containers"].members()) {
    info.endpoints.push_back({id, without_prefix_length(endpoint["IPv4Address"].text()),
                              without_prefix_length(endpoint["IPv6Address"].text())});
  }
  return info;
}

VolumeInfo volume_from_json(JsonView view) {
  return {{view["Name"].text(), view["Labels"].text_map()},
          view["Mountpoint"].text(),
          view["CreatedAt"].time()};
}

FileInfo file_from_json(JsonView view) {
  return {view["ID"].text(), view["Spec"]["Name"].text(), view["Spec"]["Labels"].text_map(),
          view["CreatedAt"].time()};
}

Event event_from_json(JsonView view) {
  Event event;
  event.kind = event_kind_from(view["Type"].text());
  event.raw_action = view["Action"].text();
  event.action = event_action_from(event.raw_action);
  event.id = view["Actor"]["ID"].text();
  event.attributes = view["Actor"]["Attributes"].text_map();
  const auto name = event.attributes.find("name");
  if (name != event.attributes.end()) event.name = name->second;
  if (event.action == Event::Action::kDie) {
    event.exit_code = number_attribute(event.attributes, "exitCode");
  }
  if (event.action == Event::Action::kKill) {
    event.signal = number_attribute(event.attributes, "signal");
  }
  event.time_ns = view["timeNano"].integer();
  return event;
}

}  // namespace croft::engine
