#include "node/edge_routes_dir.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "plan/edge_routes.h"

namespace croft::node {
namespace fs = std::filesystem;
namespace {

Status remove_path(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return {};
  return fail(errno_error(fmt::format("remove {}", path.string()), error.value()));
}

Status make_empty_file(const fs::path& path) {
  const Fd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (made) return {};
  return fail(errno_error(fmt::format("make {}", path.string()), errno));
}

}  // namespace

Result<EdgeRoutesDir::Routes> EdgeRoutesDir::present() const {
  Routes found;
  std::error_code error;
  for (const auto& host : fs::directory_iterator(directory_, error)) {
    std::set<std::string>& files = found[host.path().filename().string()];
    std::error_code inner;  // no directory: as one without routes
    for (const auto& file : fs::directory_iterator(host.path(), inner)) {
      files.insert(file.path().filename().string());
    }
  }
  if (error) return fail(errno_error(fmt::format("read {}", directory_.string()), error.value()));
  return found;
}

Status EdgeRoutesDir::put(const std::string& host, const std::set<std::string>& files,
                          const std::set<std::string>& before) const {
  const fs::path directory = directory_ / host;
  if (files.empty()) return remove_path(directory);
  CROFT_TRY(make_directories(directory, 0700));
  for (const std::string& file : files) {
    if (!before.contains(file)) CROFT_TRY(make_empty_file(directory / file));
  }
  for (const std::string& file : before) {
    if (!files.contains(file)) CROFT_TRY(remove_path(directory / file));
  }
  return {};
}

Status EdgeRoutesDir::apply(const std::vector<EdgeRoute>& routes, bool look) {
  if (known_ && !look && routes == last_) return {};
  CROFT_TRY(make_directories(directory_, 0700));
  if (!known_ || look) {
    auto found = present();
    if (!found) return fail(std::move(found).error());
    held_ = std::move(*found);
  }
  Routes wanted;
  for (const EdgeRoute& route : routes) {
    auto file = edge_route_file(route);
    if (!file) {
      log_error("a route is left out", {{"error", file.error().describe()}});
      continue;
    }
    std::set<std::string>& files = wanted[route.host];
    if (files.empty()) files.insert(std::move(*file));
  }
  // Anything may be half done from here on.
  known_ = false;
  for (const auto& [host, files] : wanted) {
    const auto before = held_.find(host);
    if (before != held_.end() && before->second == files) continue;
    CROFT_TRY(put(host, files, before == held_.end() ? std::set<std::string>{} : before->second));
  }
  for (const auto& [host, files] : held_) {
    if (!wanted.contains(host)) CROFT_TRY(put(host, {}, files));
  }
  held_ = std::move(wanted);
  last_ = routes;
  known_ = true;
  return {};
}

}  // namespace croft::node
