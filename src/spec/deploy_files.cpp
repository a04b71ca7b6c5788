#include "spec/deploy_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace croft::spec {

Result<std::string> normalise_path(std::string_view path) {
  std::vector<std::string_view> steps;
  for (std::string_view rest = path; !rest.empty();) {
    const auto slash = rest.find('/');
    const std::string_view step = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      steps.push_back(step);
    } else if (steps.empty()) {
      return fail(ErrorCode::kInvalid, fmt::format("'{}' leads out of the source folder", path));
    } else {
      steps.pop_back();
    }
  }
  return fmt::format("{}", fmt::join(steps, "/"));
}

Result<DeployEntry> parse_deploy_entry(std::string_view text) {
  const auto tilde = text.find('~');
  if (tilde != std::string_view::npos && text.find('~', tilde + 1) != std::string_view::npos) {
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' has more than one ~; one at most says what to strip", text));
  }
  DeployEntry entry;
  entry.text = text;
  if (tilde == std::string_view::npos) {
    auto path = normalise_path(text);
    if (!path) return fail(std::move(path).error());
    entry.path = std::move(*path);
    return entry;
  }
  auto left = normalise_path(text.substr(0, tilde));
  if (!left) return fail(std::move(left).error());
  auto path = normalise_path(fmt::format("{}/{}", text.substr(0, tilde), text.substr(tilde + 1)));
  if (!path) return fail(std::move(path).error());
  entry.strip = std::move(*left);
  entry.path = std::move(*path);
  return entry;
}

std::string stored_path(const DeployEntry& entry, std::string_view file) {
  if (entry.strip.empty()) return std::string(file);
  if (file == entry.strip) return {};
  // A right part with ".." can leave the left part: then nothing is stripped, as in the CLI.
  if (!file.starts_with(entry.strip) || file[entry.strip.size()] != '/') return std::string(file);
  return std::string(file.substr(entry.strip.size() + 1));
}

std::vector<std::string> parent_directories(std::string_view path) {
  std::vector<std::string> result;
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (slash > 0) result.emplace_back(path.substr(0, slash));
  }
  return result;
}

}  // namespace croft::spec
