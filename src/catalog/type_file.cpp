#include "catalog/type_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "spec/reader.h"

namespace croft::catalog {
namespace {

using spec::Complaints;
using spec::Field;
using spec::MapReader;
using Keys = std::span<const std::string_view>;

constexpr std::array<std::string_view, 29> kTypeKeys{
    "name",        "title",      "category", "description", "aliases",        "stands_in_for",
    "nearest_for", "suite",      "images",   "user",        "workdir",        "env",
    "start",       "entrypoint", "ports",    "variables",   "start_required", "document_root",
    "health",      "volumes",    "modes",    "stop_signal", "stop_grace",     "resources",
    "backup",      "restore",    "binaries", "versions",    "routing"};
constexpr std::array<std::string_view, 6> kCategories{"runtime", "database", "broker",
                                                      "static",  "storage",  "internal"};
constexpr std::array<ServiceCategory, 6> kCategoryValues{
    ServiceCategory::kRuntime, ServiceCategory::kDatabase, ServiceCategory::kBroker,
    ServiceCategory::kStatic,  ServiceCategory::kStorage,  ServiceCategory::kInternal};
constexpr std::array<std::string_view, 4> kSuites{"bookworm", "trixie", "sid", kAnySuite};

void complain(const Field& field, Complaints& out, std::string message) {
  out.error(field.at(), field.pointer, std::move(message));
}

std::map<std::string, std::string> read_map(const MapReader& parent, std::string_view key) {
  std::map<std::string, std::string> result;
  const auto field = parent.get(key);
  if (!field) return result;
  if (field->node->kind != spec::NodeKind::kMapping) {
    complain(*field, parent.out(), fmt::format("{} must be a mapping", key));
    return result;
  }
  for (const spec::MapEntry& entry : field->node->entries)
    if (auto value = spec::read_string(field->entry(entry), parent.out()))
      result[entry.key] = std::move(*value);
  return result;
}

void read_duration(const MapReader& map, std::string_view key, Millis& target) {
  const auto field = map.get(key);
  if (!field) return;
  const auto text = spec::read_text(*field, map.out());
  if (!text) return;
  const auto value = parse_duration(*text);
  if (value && *value > Millis(0)) {
    target = *value;
  } else {
    complain(*field, map.out(), fmt::format("'{}' is no duration such as 30s", *text));
  }
}

void read_seconds(const MapReader& map, std::string_view key, int& target) {
  Millis value{target * 1000};
  read_duration(map, key, value);
  target = static_cast<int>(value.count() / 1000);
}

// Calls `read` with each item of the list under `key`.
template <class Read>
void for_each_item(const MapReader& map, std::string_view key, Read read) {
  const auto field = map.get(key);
  if (!field) return;
  for (const Field& item : spec::read_items(*field, map.out())) read(item);
}

void read_stand_ins(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 3> keys{"name", "note", "versions"};
  for_each_item(top, "stands_in_for", [&](const Field& item) {
    const MapReader map(item, "a stand-in", keys, top.out());
    StandIn stand_in;
    map.require("name");
    map.require("note");
    map.string("name", stand_in.name);
    map.string("note", stand_in.note);
    stand_in.versions = read_map(map, "versions");
    type.stands_in_for.push_back(std::move(stand_in));
  });
}

void read_ports(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 5> keys{"port", "protocol", "scheme", "http",
                                                        "description"};
  static constexpr std::array<std::string_view, 2> protocols{"tcp", "udp"};
  for_each_item(top, "ports", [&](const Field& item) {
    const MapReader map(item, "a port", keys, top.out());
    TypePort port;
    std::optional<int> number;
    map.require("port");
    map.integer("port", 1, 65435, number);
    port.port.port = static_cast<std::uint16_t>(number.value_or(0));
    if (const auto field = map.get("protocol"))
      if (spec::read_choice(*field, protocols, top.out()) == "udp")
        port.port.protocol = PortProtocol::kUdp;
    map.string("scheme", port.scheme);
    map.boolean("http", port.port.http);
    map.string("description", port.port.description);
    type.ports.push_back(std::move(port));
  });
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// Every ${name} in a template must be a variable of the list, or one that every service has.
void check_references(const VariableTemplate& variable, const std::set<std::string>& names,
                      const Field& field, Complaints& out) {
  for (std::size_t at = 0; (at = variable.value.find("${", at)) != std::string::npos;) {
    const std::size_t end = variable.value.find('}', at);
    if (end == std::string::npos) {
      complain(field, out, "a reference is not closed by }");
      return;
    }
    const std::string name = variable.value.substr(at + 2, end - at - 2);
    if (!names.contains(name))
      complain(field, out, fmt::format("there is no variable {} to refer to", name));
    at = end;
  }
}

void read_variables(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 4> keys{"name", "value", "generate", "secret"};
  std::set<std::string> names{"hostname", "projectId", "serviceId"};
  for_each_item(top, "variables", [&](const Field& item) {
    const MapReader map(item, "a variable", keys, top.out());
    VariableTemplate variable;
    std::optional<int> length;
    map.require("name");
    map.string("name", variable.name);
    map.string("value", variable.value);
    map.integer("generate", 8, 128, length);
    map.boolean("secret", variable.secret);
    variable.generate = length.value_or(0);
    if (variable.value.empty() == (variable.generate == 0))
      complain(item, top.out(), "a variable has either a value or a length to generate");
    if (!is_variable_name(variable.name) || !names.insert(variable.name).second)
      complain(item, top.out(),
               fmt::format("the variable name '{}' is taken or not allowed", variable.name));
    type.variables.push_back(std::move(variable));
  });
  const auto field = top.get("variables");
  if (!field) return;
  for (const VariableTemplate& variable : type.variables)
    check_references(variable, names, *field, top.out());
}

void read_health(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 8> keys{
      "command", "tcp",           "attempt_timeout",  "ready_within",
      "period",  "restart_after", "disconnect_after", "recover_after"};
  const auto field = top.get("health");
  if (!field) return;
  const MapReader map(*field, "health", keys, top.out());
  ReadinessConfig readiness;
  HealthConfig health;
  std::optional<int> tcp;
  map.string("command", readiness.probe.command);
  map.integer("tcp", 1, 65435, tcp);
  readiness.probe.tcp_port = static_cast<std::uint16_t>(tcp.value_or(0));
  if (readiness.probe.command.empty() != tcp.has_value())
    complain(*field, top.out(), "health needs exactly one of command and tcp");
  read_seconds(map, "attempt_timeout", readiness.probe.attempt_timeout_s);
  read_seconds(map, "ready_within", readiness.failure_timeout_s);
  read_seconds(map, "period", health.period_s);
  read_seconds(map, "disconnect_after", health.disconnect_timeout_s);
  read_seconds(map, "restart_after", health.failure_timeout_s);
  read_seconds(map, "recover_after", health.recovery_timeout_s);
  health.probe = readiness.probe;
  type.readiness = readiness;
  type.health = health;
}

void read_volumes(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 2> keys{"name", "path"};
  for_each_item(top, "volumes", [&](const Field& item) {
    const MapReader map(item, "a volume", keys, top.out());
    DataVolume volume;
    map.require("name");
    map.string("name", volume.name);
    map.string("path", volume.path);
    if (!volume.path.starts_with('/'))
      complain(item, top.out(), "the path of a volume must be absolute");
    type.volumes.push_back(std::move(volume));
  });
}

void read_command(const MapReader& top, std::string_view key, DataCommand& target) {
  static constexpr std::array<std::string_view, 2> keys{"command", "file"};
  const auto field = top.get(key);
  if (!field) return;
  const MapReader map(*field, key, keys, top.out());
  map.require("command");
  map.require("file");
  map.strings("command", false, target.argv);
  map.string("file", target.file);
}

void read_resources(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 2> keys{"memory", "cpu"};
  const auto field = top.get("resources");
  if (!field) return;
  const MapReader map(*field, "resources", keys, top.out());
  std::optional<double> cpus;
  map.number("cpu", 0.1, 64, cpus);
  type.cpus = cpus.value_or(type.cpus);
  std::string memory;
  map.string("memory", memory);
  if (memory.empty()) return;
  const auto bytes = parse_size(memory);
  if (!bytes) complain(*map.get("memory"), top.out(), "memory must be a size such as 512MiB");
  type.memory_bytes = bytes.value_or(type.memory_bytes);
}

void read_images(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 2> keys{"run", "build"};
  const auto field = top.require("images");
  if (!field) return;
  const MapReader map(*field, "images", keys, top.out());
  map.string("run", type.run_recipe);
  map.string("build", type.build_recipe);
  if (type.run_recipe.empty() && type.build_recipe.empty())
    complain(*field, top.out(), "images needs run, build or both");
}

void read_suite(const MapReader& map, std::string& suite) {
  const auto field = map.get("suite");
  if (!field) return;
  if (auto choice = spec::read_choice(*field, kSuites, map.out())) suite = *choice;
}

TypeVersion read_version(const Field& item, const std::string& suite, Complaints& out) {
  static constexpr std::array<std::string_view, 6> keys{"version", "aliases", "suite",
                                                        "args",    "status",  "note"};
  static constexpr std::array<std::string_view, 2> states{"current", "deprecated"};
  const MapReader map(item, "a version", keys, out);
  TypeVersion version;
  version.suite = suite;
  if (const auto field = map.require("version"))
    version.version = spec::read_text(*field, out).value_or("");
  map.strings("aliases", true, version.aliases);
  read_suite(map, version.suite);
  version.args = read_map(map, "args");
  if (const auto field = map.get("status"))
    version.deprecated = spec::read_choice(*field, states, out) == "deprecated";
  map.string("note", version.note);
  return version;
}

void read_versions(const MapReader& top, ServiceType& type) {
  std::string suite(kAnySuite);
  read_suite(top, suite);
  top.require("versions");
  std::set<std::string> names;
  for_each_item(top, "versions", [&](const Field& item) {
    TypeVersion version = read_version(item, suite, top.out());
    std::vector<std::string> all{version.version};
    all.insert(all.end(), version.aliases.begin(), version.aliases.end());
    for (const std::string& name : all)
      if (!names.insert(name).second)
        complain(item, top.out(), fmt::format("the version {} is there twice", name));
    type.versions.push_back(std::move(version));
  });
  if (const auto field = top.get("versions"); field && type.versions.empty())
    complain(*field, top.out(), "a type needs at least one version");
}

void read_modes(const MapReader& top, ServiceType& type) {
  static constexpr std::array<std::string_view, 2> keys{"single", "ha_with"};
  const auto field = top.get("modes");
  if (!field) return;
  const MapReader map(*field, "modes", keys, top.out());
  bool single = true;
  map.boolean("single", single);
  if (!single) complain(*field, top.out(), "every type has the mode single");
  map.string("ha_with", type.ha_with);
}

void read_process(const MapReader& top, ServiceType& type) {
  top.string("user", type.user);
  top.string("workdir", type.workdir);
  type.env = read_map(top, "env");
  top.strings("binaries", false, type.binaries);
  top.strings("entrypoint", false, type.entrypoint);
  top.strings("start", false, type.start);
  top.boolean("start_required", type.start_required);
  if (const auto field = top.get("document_root"))
    type.document_root = spec::read_text(*field, top.out());
  top.boolean("routing", type.routing);
  top.string("stop_signal", type.stop_signal);
  read_duration(top, "stop_grace", type.stop_grace);
  if (type.entrypoint.empty() && !top.get("binaries")) type.binaries = {"croft-init"};
  if (type.start_required && !type.start.empty())
    complain(*top.get("start"), top.out(), "a type has either a start or start_required");
}

void read_identity(const MapReader& top, ServiceType& type) {
  top.require("name");
  top.require("title");
  top.string("name", type.name);
  top.string("title", type.title);
  top.string("description", type.description);
  top.strings("aliases", true, type.aliases);
  top.strings("nearest_for", true, type.nearest_for);
  if (const auto field = top.require("category")) {
    const auto choice = spec::read_choice(*field, kCategories, top.out());
    const auto found = std::ranges::find(kCategories, choice.value_or(""));
    if (found != kCategories.end())
      type.category = kCategoryValues[static_cast<std::size_t>(found - kCategories.begin())];
  }
}

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || number > 1 << 20) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const int shift = unit == "KiB" ? 10 : unit == "MiB" ? 20 : unit == "GiB" ? 30 : 0;
  if (shift == 0 || (number << shift) > 1ll << 40) return std::nullopt;
  return number << shift;
}

Result<ServiceType> parse_type_file(std::string_view file, std::string_view text) {
  auto document = spec::parse_yaml(file, text);
  if (!document) return fail(std::move(document).error());
  Complaints out(file);
  const Field root{document->get(), "", (*document)->at};
  const MapReader top(root, "a service type", kTypeKeys, out);
  ServiceType type;
  if (top) {
    read_identity(top, type);
    read_images(top, type);
    read_process(top, type);
    read_stand_ins(top, type);
    read_ports(top, type);
    read_variables(top, type);
    read_health(top, type);
    read_volumes(top, type);
    read_modes(top, type);
    read_resources(top, type);
    read_command(top, "backup", type.backup);
    read_command(top, "restore", type.restore);
    read_versions(top, type);
  }
  if (!out.ok()) return fail(out.to_error());
  return type;
}

}  // namespace croft::catalog
