#include "spec/setup_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cron.h"
#include "spec/deploy_files.h"
#include "spec/env.h"
#include "spec/env_key.h"
#include "spec/idle_keys.h"
#include "spec/keys.h"
#include "spec/probe_parser.h"

namespace croft::spec {
namespace {

constexpr auto kSystems = std::to_array<std::string_view>({"alpine", "ubuntu", "debian"});
constexpr int kMinPort = 10;  // documented range of user ports
constexpr int kMaxPort = 65435;
// Seen in real files and without effect on the platform they were written for.
constexpr auto kHarmlessInRun = std::to_array<std::string_view>({"mount"});

std::vector<std::string_view> joined(Keys a, Keys b) {
  std::vector<std::string_view> result(a.begin(), a.end());
  result.insert(result.end(), b.begin(), b.end());
  return result;
}

// The value of `key`, or in old files of its old name; both at once is a complaint.
std::optional<Field> get_either(const MapReader& map, std::string_view key,
                                std::string_view old_key) {
  auto now = map.get(key);
  auto old = map.get(old_key);
  if (now && old) {
    map.out().error(old->key_at, old->pointer,
                    fmt::format("'{}' is the old name of '{}': keep one of them", old_key, key));
  }
  return now ? now : old;
}

std::string read_system(const MapReader& map) {
  const auto field = map.get("os");
  return field ? read_choice(*field, kSystems, map.out()).value_or("") : "";
}

// `os` only says what `base` is for: without one it is nothing.
void warn_of_lone_os(const MapReader& map, Complaints& out) {
  const auto os = map.get("os");
  if (!os || map.get("base")) return;
  out.warning(os->key_at, os->pointer, "'os' has no effect without 'base': name a type there");
}

// A path below /var/www or the source folder; complains when it leads out.
void read_path(const MapReader& map, std::string_view key, std::string& target) {
  const auto field = map.get(key);
  if (!field) return;
  auto text = read_string(*field, map.out());
  if (!text) return;
  if (auto path = normalise_path(*text)) {
    target = std::move(*path);
  } else {
    map.out().error(field->at(), field->pointer, path.error().message());
  }
}

Cache read_cache(const Field& field, Complaints& out) {
  if (field->is_plain() && (field->text == "true" || field->text == "false")) {
    return field->text == "true";
  }
  return read_strings(field, true, out);
}

Build parse_build(const Field& field, const SetupContext& context) {
  const auto known =
      context.old_names ? joined(keys::kBuild, keys::kOldBuild) : joined(keys::kBuild, {});
  const MapReader map(field, "build", known, context.out);
  Build build;
  build.os = read_system(map);
  if (const auto base = map.get("base")) {
    const bool is_list = base->node->kind == NodeKind::kSequence;
    for (std::size_t i = 0; i < (is_list ? base->node->items.size() : 1); ++i) {
      auto type = read_type(is_list ? base->item(i) : *base, build.os, TypeRole::kBuildBase,
                            context.resolver, context.out);
      if (type) build.bases.push_back(std::move(*type));
    }
  }
  const auto commands = [&](std::string_view key, std::string_view old_key) {
    const auto place = context.old_names ? get_either(map, key, old_key) : map.get(key);
    return place ? read_strings(*place, context.old_names, context.out)
                 : std::vector<std::string>();
  };
  build.prepare_commands = commands("prepareCommands", "prepare");
  build.build_commands = commands("buildCommands", "build");
  if (const auto files = get_either(map, "deployFiles", "deploy")) {
    build.deploy_files = read_deploy_files(*files, context.out);
  }
  if (build.deploy_files.empty() && map && !context.is_template) {
    context.out.error(field.key_at, field.pointer,
                      "build needs 'deployFiles': what to take into the running containers");
  }
  if (const auto cache = map.get("cache")) build.cache = read_cache(*cache, context.out);
  if (const auto add = map.get("addToRunPrepare")) {
    build.add_to_run_prepare = read_deploy_files(*add, context.out);
  }
  warn_of_lone_os(map, context.out);
  if (const auto env = map.get("envVariables")) {
    build.env_variables = read_env_variables(*env, context.out);
    build.env_places = env_places(*env);
  }
  return build;
}

Deploy parse_deploy(const Field& field, const SetupContext& context) {
  const MapReader map(field, "deploy", keys::kDeploy, context.out);
  Deploy deploy;
  if (const auto check = map.get("readinessCheck")) {
    deploy.readiness_check = read_readiness_check(*check, context.out);
  }
  map.boolean("temporaryShutdown", deploy.temporary_shutdown);
  return deploy;
}

EnvReplace read_env_replace(const Field& field, Complaints& out) {
  const MapReader map(field, "envReplace", keys::kEnvReplace, out);
  EnvReplace replace;
  if (const auto target = map.require("target")) {
    replace.targets = read_strings(*target, true, out);
  }
  if (const auto delimiter = map.require("delimiter")) {
    replace.delimiters = read_strings(*delimiter, true, out);
  }
  return replace;
}

std::vector<CronJob> read_crontab(const Field& field, Complaints& out) {
  std::vector<CronJob> result;
  for (const Field& item : read_items(field, out)) {
    const MapReader map(item, "crontab", keys::kCronJob, out);
    CronJob job;
    if (const auto timing = map.require("timing")) {
      job.timing = read_text(*timing, out).value_or("");
      if (auto schedule = CronSchedule::parse(job.timing); !job.timing.empty() && !schedule) {
        out.error(timing->at(), timing->pointer, schedule.error().message());
      }
    }
    if (const auto command = map.require("command")) {
      job.command = read_text(*command, out).value_or("");
    }
    map.boolean("allContainers", job.all_containers);
    map.string("workingDir", job.working_dir);
    result.push_back(std::move(job));
  }
  return result;
}

VolumeMount read_volume(const Field& field, Complaints& out) {
  const MapReader map(field, "volume", keys::kVolume, out);
  VolumeMount volume;
  if (const auto hostname = map.require("hostname")) {
    volume.hostname = read_text(*hostname, out).value_or("");
  }
  map.string("mountPath", volume.mount_path);
  if (!volume.mount_path.empty() && volume.mount_path.front() != '/') {
    const auto path = map.get("mountPath");
    out.error(path->at(), path->pointer, "mountPath must be absolute");
  }
  map.boolean("readOnly", volume.read_only);
  return volume;
}

void read_start(const MapReader& map, Run& run) {
  if (const auto start = map.get("start")) {
    run.start = read_text(*start, map.out()).value_or("");
  }
  const auto commands = map.get("startCommands");
  if (!commands) return;
  run.start_commands = read_start_commands(*commands, map.out());
  if (!run.start.empty() && !run.start_commands.empty()) {
    map.out().warning(commands->key_at, commands->pointer,
                      "both 'start' and 'startCommands' are set: all of them are started");
  }
}

// What the file asks for in vain, as far as it shows without the service's type.
void check_effects(const MapReader& map, Run& run) {
  for (const std::string_view key : {"documentRoot", "siteConfigPath", "routing"}) {
    if (const auto place = map.get(key)) run.web_keys.emplace(key, place->key_at);
  }
  warn_of_idle_keys(map, "run");
  if (run.routing && !run.routing->root.empty() && !run.document_root.empty()) {
    const auto routing = map.get("routing");
    map.out().warning(routing->key_at, routing->pointer,
                      "'root' has no effect: documentRoot is set too");
  }
}

Run parse_run(const Field& field, const SetupContext& context) {
  Complaints& out = context.out;
  const auto known = context.old_names ? joined(keys::kRun, keys::kOldRun) : joined(keys::kRun, {});
  const MapReader map(field, "run", known, out, UnknownKeys::kError,
                      context.croft_file ? Keys() : Keys(kHarmlessInRun));
  Run run;
  run.os = read_system(map);
  if (const auto base = map.get("base")) {
    run.base = read_type(*base, run.os, TypeRole::kRunBase, context.resolver, out);
  }
  warn_of_lone_os(map, out);
  const auto commands = [&](std::string_view key, std::string_view old_key) {
    const auto place = context.old_names ? get_either(map, key, old_key) : map.get(key);
    return place ? read_strings(*place, context.old_names, out) : std::vector<std::string>();
  };
  run.prepare_commands = commands("prepareCommands", "prepare");
  run.init_commands = commands("initCommands", "init");
  read_start(map, run);
  read_path(map, "documentRoot", run.document_root);
  read_path(map, "siteConfigPath", run.site_config_path);
  if (const auto replace = map.get("envReplace")) {
    run.env_replace = read_env_replace(*replace, out);
  }
  if (const auto env = map.get("envVariables")) {
    run.env_variables = read_env_variables(*env, out);
    run.env_places = env_places(*env);
  }
  if (const auto ports = map.get("ports")) run.ports = read_ports(*ports, false, out);
  if (const auto check = map.get("healthCheck")) run.health_check = read_health_check(*check, out);
  if (const auto crontab = map.get("crontab")) run.crontab = read_crontab(*crontab, out);
  if (const auto routing = map.get("routing")) run.routing = read_routing(*routing, out);
  if (const auto volume = map.get("volume")) run.volume = read_volume(*volume, out);
  check_effects(map, run);
  return run;
}

}  // namespace

std::vector<std::string> read_deploy_files(const Field& field, Complaints& out) {
  std::vector<std::string> files = read_strings(field, true, out);
  const bool is_list = field->kind == NodeKind::kSequence;
  for (std::size_t i = 0; i < (is_list ? field->items.size() : 1); ++i) {
    const Field item = is_list ? field.item(i) : field;
    if (item->kind != NodeKind::kScalar || item->is_null()) continue;
    if (auto entry = parse_deploy_entry(item->text); !entry) {
      out.error(item.at(), item.pointer, entry.error().message());
    }
  }
  return files;
}

Setup parse_setup(const Field& field, const SetupContext& context) {
  const MapReader map(field, "a setup", keys::kSetup, context.out);
  Setup setup;
  setup.at = field.key_at;
  if (const auto name = map.get("setup")) {
    setup.name = read_text(*name, context.out).value_or("");
  }
  map.strings("extends", true, setup.extends);
  if (const auto build = map.get("build")) setup.build = parse_build(*build, context);
  if (const auto deploy = map.get("deploy")) setup.deploy = parse_deploy(*deploy, context);
  if (const auto run = map.get("run")) setup.run = parse_run(*run, context);
  if (setup.build && !setup.build->add_to_run_prepare.empty() && !context.is_template &&
      (!setup.run || setup.run->prepare_commands.empty())) {
    const Field build = *map.get("build");
    const MapEntry* add = build->find("addToRunPrepare");
    context.out.warning(add->at, build.entry(*add).pointer,
                        "'addToRunPrepare' has no effect: only run.prepareCommands see these "
                        "files, and there are none");
  }
  return setup;
}

EnvVariables read_env_variables(const Field& field, Complaints& out) {
  EnvVariables result;
  if (field->kind != NodeKind::kMapping) {
    out.error(field.at(), field.pointer,
              fmt::format("expected variables as KEY: value, found {}", field->describe()));
    return result;
  }
  std::map<std::string, Position> seen;
  for (const MapEntry& entry : field->entries) {
    const Field value = field.entry(entry);
    if (std::string problem = describe_env_key_error(entry.key); !problem.empty()) {
      out.error(entry.at, value.pointer, std::move(problem));
      continue;
    }
    const auto [first, fresh] = seen.emplace(env_key_folded(entry.key), entry.at);
    if (!fresh) {
      out.error(entry.at, value.pointer,
                fmt::format("'{}' differs from the variable at {}:{} only in case", entry.key,
                            first->second.line, first->second.column));
      continue;
    }
    if (value->is_null()) {
      out.warning(
          entry.at, value.pointer,
          fmt::format("'{}' has no value and is not set; write \"\" for an empty one", entry.key));
      continue;
    }
    if (auto text = read_string(value, out)) result.emplace(entry.key, std::move(*text));
  }
  for (const EnvWarning& cycle : find_reference_cycles(result)) {
    const MapEntry* entry = field->find(cycle.key);
    out.warning(entry->at, field.entry(*entry).pointer,
                fmt::format("{}: {}", cycle.reference, cycle.message));
  }
  return result;
}

Places env_places(const Field& field) {
  Places places;
  for (const MapEntry& entry : field->entries) places.emplace(entry.key, entry.at);
  return places;
}

std::optional<TypeUse> read_type(const Field& field, std::string_view os, TypeRole role,
                                 const TypeResolver& resolver, Complaints& out) {
  auto text = read_text(field, out);
  if (!text) return std::nullopt;
  auto type = parse_type_ref(*text, os);
  if (!type) {
    out.error(field.at(), field.pointer,
              fmt::format("'{}' is not a type: write it like nodejs@22, alpine/nodejs@22 or "
                          "postgresql:ha@17",
                          text->substr(0, 80)));
    return std::nullopt;
  }
  TypeUse use{std::move(*type), std::move(*text), field.at(), field.pointer};
  if (resolver) {
    const TypeAnswer answer = resolver(use.type, role);
    if (std::string doubt = describe_unknown(use, answer); !doubt.empty()) {
      out.warning(field.at(), field.pointer, std::move(doubt));
    }
  }
  return use;
}

std::vector<Port> read_ports(const Field& field, bool http_default, Complaints& out) {
  std::vector<Port> result;
  for (const Field& item : read_items(field, out)) {
    const MapReader map(item, "ports", keys::kPort, out);
    Port port;
    port.http = http_default;
    const auto number = map.require("port");
    if (number) port.port = read_int(*number, kMinPort, kMaxPort, out).value_or(0);
    if (const auto protocol = map.get("protocol")) {
      constexpr auto kProtocols = std::to_array<std::string_view>({"tcp", "udp", "TCP", "UDP"});
      const auto name = read_choice(*protocol, kProtocols, out);
      if (name == "udp" || name == "UDP") port.protocol = Protocol::kUdp;
    }
    const auto http = map.get("httpSupport");
    map.boolean("httpSupport", port.http);
    if (port.protocol == Protocol::kUdp) {
      if (http && port.http) {
        out.error(http->at(), http->pointer, "httpSupport goes with tcp only");
      }
      port.http = false;
    }
    map.string("description", port.description);
    const bool clash = std::ranges::any_of(result, [&](const Port& other) {
      return other.port == port.port && other.protocol == port.protocol;
    });
    if (clash && port.port != 0) {
      out.error(number->at(), number->pointer,
                fmt::format("port {}/{} is listed twice", port.port, to_string(port.protocol)));
    }
    result.push_back(std::move(port));
  }
  return result;
}

}  // namespace croft::spec
