#include "spec/file_kind.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace croft::spec {
namespace {

std::string_view base_name(std::string_view file) {
  const auto slash = file.rfind('/');
  return slash == std::string_view::npos ? file : file.substr(slash + 1);
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// What the lines of a file say without being parsed.
struct Outline {
  std::map<std::string, int, std::less<>> keys;  // at the left margin, with their line
  int ini_section = 0;                           // line of the first [section]
  bool services_are_list = false;
  bool hostname_is_computed = false;  // `hostname: <@…`
  bool has_build_or_run = false;      // below a key of the left margin

  bool has(std::string_view key) const { return keys.contains(key); }
};

void read_margin(std::string_view line, int number, Outline& outline) {
  if (line.starts_with('"') || line.starts_with('\'')) {
    const char quote = line.front();
    line.remove_prefix(1);
    const auto end = line.find(quote);
    if (end == std::string_view::npos || !line.substr(end + 1).starts_with(':')) return;
    outline.keys.emplace(line.substr(0, end), number);
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const bool ends = colon + 1 == line.size() || line[colon + 1] == ' ' || line[colon + 1] == '\t';
  if (ends) outline.keys.emplace(trimmed(line.substr(0, colon)), number);
}

Outline outline_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Outline outline;
  bool after_services = false;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view content = trimmed(line);
    if (content.empty() || content.starts_with('#') || content.starts_with(';')) continue;
    const bool margin = line.front() != ' ' && line.front() != '\t';
    if (after_services) {
      outline.services_are_list = content.starts_with('-');
      after_services = false;
    }
    if (margin && content.starts_with('[') && content.ends_with(']') && outline.keys.empty() &&
        outline.ini_section == 0) {
      outline.ini_section = number;
    } else if (margin && !content.starts_with('-')) {
      read_margin(line, number, outline);
      if (content == "services:") after_services = true;
      if (content.starts_with("services: [")) outline.services_are_list = true;
    } else if (!margin && (content.starts_with("build:") || content.starts_with("run:"))) {
      outline.has_build_or_run = true;
    }
    const auto hostname = content.find("hostname:");
    if (hostname != std::string_view::npos && hostname < 4 &&
        content.find("<@") != std::string_view::npos) {
      outline.hostname_is_computed = true;
    }
  }
  return outline;
}

bool names_compose(std::string_view name) {
  return name.find("compose") != std::string_view::npos &&
         (name.ends_with(".yml") || name.ends_with(".yaml"));
}

DetectedKind found(const Outline& outline, FileKind kind, std::string_view key) {
  const auto entry = outline.keys.find(key);
  return {kind, {entry == outline.keys.end() ? 1 : entry->second, 1}};
}

DetectedKind by_name_only(std::string_view name) {
  if (name.ends_with(".ini")) return {FileKind::kThirtyIni, {1, 1}};
  if (names_compose(name)) return {FileKind::kCompose, {1, 1}};
  if (name.starts_with("croft.")) return {FileKind::kCroft, {1, 1}};
  if (name.starts_with("zerops.")) return {FileKind::kZerops, {1, 1}};
  if (name.find("import") != std::string_view::npos) return {FileKind::kImport, {1, 1}};
  return {};
}

}  // namespace

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::kCroft:
      return "croft.yml";
    case FileKind::kZerops:
      return "zerops.yml";
    case FileKind::kZeropsOld:
      return "zerops.yml(old)";
    case FileKind::kZeropsServices:
      return "zerops.yml+services";
    case FileKind::kImport:
      return "import";
    case FileKind::kPreprocessorVector:
      return "preprocessor-vector";
    case FileKind::kThirtyIni:
      return "thirty.ini";
    case FileKind::kCompose:
      return "docker-compose";
    case FileKind::kUnknown:
      break;
  }
  return "unknown";
}

DetectedKind detect_kind(std::string_view file, std::string_view text) {
  const std::string_view name = base_name(file);
  const Outline outline = outline_of(text);
  if (outline.ini_section != 0) return {FileKind::kThirtyIni, {outline.ini_section, 1}};
  const bool app = outline.has("zerops") || outline.has("croft");
  const bool services = outline.has("services");
  if (app && services) return found(outline, FileKind::kZeropsServices, "services");
  if (app) {
    const bool croft = outline.has("croft") || name.starts_with("croft.");
    return found(outline, croft ? FileKind::kCroft : FileKind::kZerops,
                 outline.has("croft") ? "croft" : "zerops");
  }
  if (services && !outline.services_are_list && !outline.has("project")) {
    return found(outline, FileKind::kCompose, "services");
  }
  if (services || outline.has("project")) {
    const bool is_off = text.find("Preprocessor=on") == std::string_view::npos;
    return found(
        outline,
        outline.hostname_is_computed && is_off ? FileKind::kPreprocessorVector : FileKind::kImport,
        services ? "services" : "project");
  }
  constexpr std::array<std::string_view, 3> kSingle = {"use", "runs", "deploy"};
  if (std::ranges::any_of(kSingle, [&](std::string_view key) { return outline.has(key); })) {
    return {FileKind::kZeropsOld, {1, 1}};
  }
  const DetectedKind named = by_name_only(name);
  const bool app_name = named.kind == FileKind::kZerops || named.kind == FileKind::kUnknown;
  if (app_name && outline.has_build_or_run) return {FileKind::kZeropsOld, {1, 1}};
  return named;
}

}  // namespace croft::spec
