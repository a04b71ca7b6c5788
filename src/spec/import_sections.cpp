#include "spec/import_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/app_document.h"
#include "spec/deploy_files.h"
#include "spec/dotenv.h"
#include "spec/env_key.h"
#include "spec/idle_keys.h"
#include "spec/import_config.h"
#include "spec/keys.h"
#include "spec/setup_parser.h"

namespace croft::spec {
namespace {

constexpr std::size_t kMaxHostname = 25;
constexpr int kMaxPriority = 1'000'000;
constexpr double kMaxObjectStorageGb = 10240;

constexpr auto kIsolations = std::to_array<std::string_view>({"service", "none"});
constexpr auto kPackages = std::to_array<std::string_view>({"LIGHT", "SERIOUS"});
constexpr auto kModes = std::to_array<std::string_view>({"HA", "NON_HA"});
constexpr auto kPolicies =
    std::to_array<std::string_view>({"custom", "private", "public-read", "public-objects-read",
                                     "public-write", "public-read-write"});

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Tokens vpn, project, service, service@name, each possibly with a dash in front.
std::string read_ssh_isolation(const MapReader& map) {
  const auto field = map.get("sshIsolation");
  if (!field) return {};
  const std::string text = read_string(*field, map.out()).value_or("");
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    std::string_view token = rest.substr(0, space);
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    if (token.starts_with('-')) token.remove_prefix(1);
    if (!token.empty() && token != "vpn" && token != "project" && token != "service" &&
        token != "none" && !token.starts_with("service@")) {
      map.out().error(field->at(), field->pointer,
                      fmt::format("'{}' is not one of: vpn, project, service, service@NAME, each "
                                  "possibly with - in front",
                                  token.substr(0, 80)));
    }
  }
  return text;
}

std::optional<GitSource> read_git_source(const Field& field, Complaints& out) {
  const auto text = read_text(field, out);
  if (!text) return std::nullopt;
  const bool secure = text->starts_with("https://");
  if (!secure && !text->starts_with("http://")) {
    out.error(field.at(), field.pointer,
              "expected the address of a public repository: https://HOST/OWNER/NAME[@BRANCH]");
    return std::nullopt;
  }
  // An @ before the first slash after the host would be a user name, which public sources have not.
  const auto path = text->find('/', secure ? 8 : 7);
  const auto at = path == std::string::npos ? path : text->find('@', path);
  GitSource source{text->substr(0, at), at == std::string::npos ? "" : text->substr(at + 1)};
  const bool bare_host = path == std::string::npos || path + 1 >= source.url.size();
  if (bare_host || (at != std::string::npos && source.ref.empty()) ||
      text->find_first_of(" \t\n") != std::string::npos) {
    out.error(field.at(), field.pointer,
              "expected the address of a public repository: https://HOST/OWNER/NAME[@BRANCH]");
    return std::nullopt;
  }
  return source;
}

void add_secret(ImportService& service, const std::string& key, std::string value, Position at,
                const std::string& pointer, Complaints& out) {
  const bool taken = std::ranges::any_of(service.env_secrets, [&](const auto& other) {
    return env_key_folded(other.first) == env_key_folded(key);
  });
  if (taken) {
    out.error(at, pointer, fmt::format("'{}' is set twice (case does not count)", key));
  } else {
    service.env_secrets.emplace(key, Secret(std::move(value)));
  }
}

// Positions inside the block are exact for a literal block (|), whose text begins on the next line.
void read_dotenv(const Field& field, ImportService& service, Complaints& out) {
  const auto text = read_string(field, out);
  if (!text) return;
  const bool literal = field->style == ScalarStyle::kLiteral;
  const auto place = [&](int line) {
    return literal ? Position{field.at().line + line, 1} : field.at();
  };
  auto entries = parse_dotenv(*text);
  if (!entries) {
    const FieldError& first = entries.error().fields().at(0);
    out.error(place(first.line), field.pointer, entries.error().message());
    return;
  }
  for (DotenvEntry& entry : *entries) {
    if (std::string problem = describe_env_key_error(entry.key); !problem.empty()) {
      out.error(place(entry.line), field.pointer, std::move(problem));
    } else {
      add_secret(service, entry.key, std::move(entry.value), place(entry.line), field.pointer, out);
    }
  }
}

void read_variables(const MapReader& map, ImportService& service) {
  Complaints& out = map.out();
  if (const auto secrets = map.get("envSecrets")) {
    for (auto& [key, value] : read_env_variables(*secrets, out)) {
      service.env_secrets.emplace(key, Secret(value));
    }
    service.env_places = env_places(*secrets);
  }
  if (const auto dotenv = map.get("dotEnvSecrets")) read_dotenv(*dotenv, service, out);
  const auto variables = map.get("envVariables");
  if (!variables) return;
  service.env_variables = read_env_variables(*variables, out);
  service.env_places.merge(env_places(*variables));
  for (const auto& [key, value] : service.env_variables) {
    const MapEntry* entry = (*variables)->find(key);
    for (const auto& [secret, unused] : service.env_secrets) {
      if (env_key_folded(secret) == env_key_folded(key)) {
        out.error(entry->at, variables->entry(*entry).pointer,
                  fmt::format("'{}' is a secret of this service too: keep one of them", key));
      }
    }
  }
}

// A mapping in one of the three forms, or a single setup's build and run, or a string with such
// YAML.
void read_inline(const Field& field, const NodePtr& node, ImportService& service,
                 const TypeResolver& resolver, Complaints& out) {
  Field root = field;
  NodePtr owner = node;
  if (field->kind == NodeKind::kScalar) {
    auto parsed = parse_yaml(out.file(), field->text);
    if (!parsed) {
      std::vector<FieldError> errors = parsed.error().fields();
      for (FieldError& e : errors) e.line += field.at().line;
      out.adopt(std::move(errors), {}, field.pointer, field.at());
      return;
    }
    owner = *parsed;
    root = {owner.get(), field.pointer, owner->at};
  }
  service.inline_source = owner;
  const bool one_setup = root->find("zerops") == nullptr && root->find("croft") == nullptr &&
                         (root->find("build") != nullptr || root->find("run") != nullptr) &&
                         generation_of(*root) == Generation::kHostMap;
  Complaints inner(out.file());
  if (one_setup) {
    Setup setup = parse_setup(root, {.out = inner, .resolver = resolver, .old_names = true});
    setup.name = service.hostname;
    service.inline_config = AppConfig{Generation::kHostMap, {std::move(setup)}};
  } else {
    service.inline_config = read_app_config(root, inner, resolver);
  }
  std::vector<FieldError> errors = inner.errors();
  std::vector<FieldError> warnings = inner.warnings();
  if (field->kind == NodeKind::kScalar) {
    // The text of a block begins on the line after its indicator.
    const auto shift = [&](FieldError& e) { e.line += field.at().line; };
    std::ranges::for_each(errors, shift);
    std::ranges::for_each(warnings, shift);
  }
  out.adopt(std::move(errors), std::move(warnings), "", field.at());
}

void read_profile(const MapReader& map, ImportService& service) {
  map.string("profile", service.profile);
  const auto overrides = map.get("profileOverrides");
  if (!overrides) return;
  if ((*overrides)->kind != NodeKind::kMapping) {
    map.out().error(
        overrides->at(), overrides->pointer,
        fmt::format("expected settings as name: value, found {}", (*overrides)->describe()));
    return;
  }
  for (const MapEntry& entry : (*overrides)->entries) {
    if (auto text = read_string(overrides->entry(entry), map.out())) {
      service.profile_overrides.emplace(entry.key, std::move(*text));
    }
  }
}

void read_type_and_mode(const MapReader& map, const TypeResolver& resolver,
                        ImportService& service) {
  Complaints& out = map.out();
  const auto type = map.require("type");
  if (type) {
    if (auto use = read_type(*type, service.os, TypeRole::kService, resolver, out)) {
      service.type = std::move(*use);
    }
  }
  if (const auto mode = map.get("mode")) {
    if (const auto text = read_choice(*mode, kModes, out)) {
      service.mode = *text == "HA" ? Mode::kHa : Mode::kSingle;
    }
  }
  std::string& variant = service.type.type.variant;
  if (variant.empty()) return;
  if (variant != "ha" && variant != "single") {
    out.error(type->at(), type->pointer,
              fmt::format("'{}' is not a variant: write :ha or :single", variant.substr(0, 80)));
    return;
  }
  const Mode from_type = variant == "ha" ? Mode::kHa : Mode::kSingle;
  if (service.mode && *service.mode != from_type) {
    out.error(map.get("mode")->at(), map.get("mode")->pointer,
              fmt::format("mode contradicts ':{}' of the type: keep one of them", variant));
  }
  service.mode = from_type;
  variant.clear();
}

void read_containers(const MapReader& map, ImportService& service) {
  map.integer("minContainers", 1, kMaxContainersPerService, service.min_containers);
  map.integer("maxContainers", 1, kMaxContainersPerService, service.max_containers);
  if (service.min_containers && service.max_containers &&
      *service.min_containers > *service.max_containers) {
    const auto field = map.get("minContainers");
    map.out().error(field->at(), field->pointer,
                    fmt::format("minContainers ({}) is more than maxContainers ({})",
                                *service.min_containers, *service.max_containers));
  }
  if (service.max_containers > service.min_containers.value_or(1)) {
    const auto field = map.get("maxContainers");
    map.out().warning(field->key_at, field->pointer,
                      "'maxContainers' has no effect: containers are not added automatically yet; "
                      "`croft service scale` sets their number");
  }
  if (const auto scaling = map.get("verticalAutoscaling")) {
    service.vertical_autoscaling = read_vertical_autoscaling(*scaling, map.out());
  }
}

void read_storage(const MapReader& map, ImportService& service) {
  Complaints& out = map.out();
  map.number("objectStorageSize", 1, kMaxObjectStorageGb, service.object_storage_size);
  if (const auto policy = map.get("objectStoragePolicy")) {
    service.object_storage_policy = read_choice(*policy, kPolicies, out).value_or("");
  }
  map.string("objectStorageRawPolicy", service.object_storage_raw_policy);
  if (service.object_storage_policy == "custom" && service.object_storage_raw_policy.empty()) {
    const auto policy = map.get("objectStoragePolicy");
    out.error(policy->at(), policy->pointer, "the policy 'custom' needs objectStorageRawPolicy");
  }
  map.strings("mount", false, service.mount);
}

void read_source(const MapReader& map, const TypeResolver& resolver, ImportService& service) {
  Complaints& out = map.out();
  if (const auto git = map.get("buildFromGit")) service.build_from_git = read_git_source(*git, out);
  map.string("zeropsSetup", service.setup);
  const auto now = map.get("zeropsYaml");
  const auto old = map.get("pipelineConfig");
  if (now && old) {
    out.error(old->key_at, old->pointer,
              "'pipelineConfig' is the old name of 'zeropsYaml': keep one of them");
  }
  if (const auto& config = now ? now : old) {
    const NodePtr& node = map.field()->find(now ? "zeropsYaml" : "pipelineConfig")->value;
    read_inline(*config, node, service, resolver, out);
  }
  map.boolean("startWithoutCode", service.start_without_code);
}

}  // namespace

std::optional<std::string> read_hostname(const Field& field, Complaints& out) {
  auto text = read_string(field, out);
  if (!text) return std::nullopt;
  const bool letters = std::ranges::all_of(
      *text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  const bool begins = !text->empty() && text->front() >= 'a' && text->front() <= 'z';
  if (letters && begins && text->size() <= kMaxHostname) return text;
  out.error(field.at(), field.pointer,
            fmt::format("'{}' is not a hostname: lower case letters and digits, a letter first, at "
                        "most {} characters",
                        text->substr(0, 80), kMaxHostname));
  return std::nullopt;
}

std::optional<Isolation> read_isolation(const Field& field, Complaints& out) {
  const auto text = read_choice(field, kIsolations, out);
  if (!text) return std::nullopt;
  return *text == "none" ? Isolation::kNone : Isolation::kService;
}

ImportProject read_project(const Field& field, Complaints& out) {
  const MapReader map(field, "project", keys::kProject, out);
  ImportProject project;
  if (const auto name = map.require("name")) {
    project.name = read_text(*name, out).value_or("");
    project.name_at = name->at();
  }
  if (const auto description = map.get("description")) {
    project.description = read_string(*description, out).value_or("");
    const std::size_t length = count_characters(project.description);
    if (length > kMaxDescription) {
      out.error(
          description->at(), description->pointer,
          fmt::format("{} characters; a description has at most {}", length, kMaxDescription));
    }
  }
  if (const auto package = map.get("corePackage")) {
    project.core_package = read_choice(*package, kPackages, out).value_or("");
  }
  map.strings("tags", false, project.tags);
  if (const auto env = map.get("envVariables")) {
    project.env_variables = read_env_variables(*env, out);
  }
  if (const auto isolation = map.get("envIsolation")) {
    project.env_isolation = read_isolation(*isolation, out);
  }
  project.ssh_isolation = read_ssh_isolation(map);
  if (const auto shared = map.get("sharedIpv4")) project.shared_ipv4 = read_bool(*shared, out);
  map.string("location", project.location);
  warn_of_idle_keys(map, "project");
  return project;
}

ImportService read_service(const Field& field, const TypeResolver& resolver, Complaints& out) {
  const MapReader map(field, "a service", keys::kService, out);
  ImportService service;
  service.hostname_at = field.key_at;
  if (const auto hostname = map.require("hostname")) {
    service.hostname = read_hostname(*hostname, out).value_or("");
    service.hostname_at = hostname->at();
  }
  map.string("os", service.os);
  read_type_and_mode(map, resolver, service);
  read_profile(map, service);
  read_variables(map, service);
  map.string("nginxConfig", service.nginx_config);
  read_storage(map, service);
  read_source(map, resolver, service);
  map.boolean("enableSubdomainAccess", service.enable_subdomain_access);
  map.boolean("override", service.override_existing);
  if (const auto priority = map.get("priority")) {
    service.priority = read_int(*priority, -kMaxPriority, kMaxPriority, out).value_or(0);
  }
  read_containers(map, service);
  if (const auto cdn = map.get("enableCdn")) service.enable_cdn = read_bool(*cdn, out);
  if (const auto isolation = map.get("envIsolation")) {
    service.env_isolation = read_isolation(*isolation, out);
  }
  service.ssh_isolation = read_ssh_isolation(map);
  if (const auto ports = map.get("ports")) service.ports = read_ports(*ports, true, out);
  map.string("documentRoot", service.document_root);
  warn_of_idle_keys(map, "service");
  return service;
}

}  // namespace croft::spec
