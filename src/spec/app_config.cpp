#include "spec/app_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/app_document.h"
#include "spec/extends.h"
#include "spec/keys.h"
#include "spec/setup_parser.h"

namespace croft::spec {
namespace {

bool is_croft_file(std::string_view file) {
  const auto slash = file.rfind('/');
  return (slash == std::string_view::npos ? file : file.substr(slash + 1)).starts_with("croft.");
}

class AppParser {
 public:
  AppParser(const Field& root, Complaints& out, const TypeResolver& resolver, bool strict)
      : root_(root), out_(out), resolver_(resolver), strict_(strict) {}

  AppConfig run() {
    AppConfig config;
    config.generation = generation_of(*root_);
    switch (config.generation) {
      case Generation::kList:
        parse_list(config);
        break;
      case Generation::kHostMap:
        parse_host_map(config);
        break;
      case Generation::kSingle:
        parse_single(config);
        break;
    }
    return config;
  }

 private:
  SetupContext context() const {
    return {.out = out_, .resolver = resolver_, .croft_file = strict_};
  }
  void parse_list(AppConfig& config);
  void parse_host_map(AppConfig& config);
  void parse_single(AppConfig& config);
  void check_top_keys();

  const Field& root_;
  Complaints& out_;
  const TypeResolver& resolver_;
  bool strict_;
};

void AppParser::check_top_keys() {
  const MapEntry* both = root_->find("croft") != nullptr ? root_->find("zerops") : nullptr;
  if (both != nullptr) {
    out_.error(both->at, "/zerops", "'croft' and 'zerops' are the same key: keep one of them");
  }
  for (const MapEntry& entry : root_->entries) {
    // project and services are for import_config.h, which reads the same text.
    if (entry.key == "zerops" || entry.key == "croft" || entry.key == "services" ||
        entry.key == "project" || is_anchor_key(entry.key)) {
      continue;
    }
    std::string message = fmt::format("unknown key '{}' beside '{}'", entry.key,
                                      root_->find("croft") != nullptr ? "croft" : "zerops");
    if (strict_) {
      out_.error(entry.at, root_.entry(entry).pointer, std::move(message));
    } else {
      out_.warning(entry.at, root_.entry(entry).pointer, std::move(message));
    }
  }
}

void AppParser::parse_list(AppConfig& config) {
  check_top_keys();
  const MapEntry* entry = root_->find("croft");
  if (entry == nullptr) entry = root_->find("zerops");
  const Field list = root_.entry(*entry);
  if (list->kind != NodeKind::kSequence) {
    out_.error(
        list.at(), list.pointer,
        fmt::format("expected a list of setups (- setup: NAME), found {}", list->describe()));
    return;
  }
  for (const ExtendedSetup& setup : resolve_extends(read_items(list, out_), out_)) {
    SetupContext with = context();
    with.is_template = setup.is_template;
    config.setups.push_back(parse_setup(setup.field, with));
  }
}

void AppParser::parse_host_map(AppConfig& config) {
  for (const MapEntry& entry : root_->entries) {
    if (is_anchor_key(entry.key)) continue;
    SetupContext with = context();
    with.old_names = true;
    Field field = root_.entry(entry);
    if (field->kind != NodeKind::kMapping || field->find("setup") != nullptr ||
        field->find("extends") != nullptr) {
      out_.error(entry.at, field.pointer,
                 fmt::format("'{}' is neither a service with build and run, nor the list that the "
                             "current form begins with (zerops:)",
                             entry.key));
      continue;
    }
    Setup setup = parse_setup(field, with);
    setup.name = entry.key;
    setup.at = entry.at;
    config.setups.push_back(std::move(setup));
  }
}

// use = build.base, run = build.buildCommands, deploy = build.deployFiles.
void AppParser::parse_single(AppConfig& config) {
  const MapReader map(root_, "the file", keys::kSingle, out_);
  Setup setup;
  setup.at = root_.at();
  setup.build.emplace();
  if (const auto use = map.get("use")) {
    const bool is_list = use->node->kind == NodeKind::kSequence;
    for (std::size_t i = 0; i < (is_list ? use->node->items.size() : 1); ++i) {
      auto type =
          read_type(is_list ? use->item(i) : *use, {}, TypeRole::kBuildBase, resolver_, out_);
      if (type) setup.build->bases.push_back(std::move(*type));
    }
  }
  const auto run = map.get("run");
  const auto runs = map.get("runs");
  if (run && runs) out_.error(runs->key_at, runs->pointer, "'runs' and 'run' are the same key");
  if (const auto commands = run ? run : runs) {
    setup.build->build_commands = read_strings(*commands, true, out_);
  }
  if (const auto deploy = map.require("deploy")) {
    setup.build->deploy_files = read_deploy_files(*deploy, out_);
  }
  config.setups.push_back(std::move(setup));
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  return protocol == Protocol::kTcp ? "tcp" : "udp";
}

Generation generation_of(const Node& root) {
  if (root.find("zerops") != nullptr || root.find("croft") != nullptr) return Generation::kList;
  for (const std::string_view key : keys::kSingle) {
    const MapEntry* entry = root.find(key);
    if (entry != nullptr && entry->value->kind != NodeKind::kMapping) return Generation::kSingle;
  }
  return Generation::kHostMap;
}

AppConfig read_app_config(const Field& root, Complaints& out, const TypeResolver& resolver) {
  if (root->is_null()) {
    out.error({1, 1}, "", "the file is empty: it needs at least 'zerops:' with one setup");
    return {};
  }
  if (root->kind != NodeKind::kMapping) {
    out.error(
        root.at(), root.pointer,
        fmt::format("expected a mapping that begins with 'zerops:', found {}", root->describe()));
    return {};
  }
  return AppParser(root, out, resolver, is_croft_file(out.file())).run();
}

Result<ParsedAppConfig> parse_app_config(std::string_view file, std::string_view text,
                                         const TypeResolver& resolver) {
  auto document = parse_yaml(file, text);
  if (!document) return fail(std::move(document).error());
  Complaints out(file);
  const Field root{document->get(), "", (*document)->at};
  ParsedAppConfig result;
  result.config = read_app_config(root, out, resolver);
  if (!out.ok()) return fail(out.to_error());
  result.warnings = out.warnings();
  return result;
}

const Setup* choose_setup(const AppConfig& config, std::string_view setup,
                          std::string_view hostname) {
  if (config.generation == Generation::kSingle) {
    return setup.empty() && !config.setups.empty() ? &config.setups.front() : nullptr;
  }
  const std::string_view wanted = setup.empty() ? hostname : setup;
  const auto found = std::ranges::find(config.setups, wanted, &Setup::name);
  return found == config.setups.end() ? nullptr : &*found;
}

}  // namespace croft::spec
