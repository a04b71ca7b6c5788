#include "api/router.h"

#include <algorithm>

#include "base/check.h"

namespace croft {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// How well a template fits: -1 not at all, otherwise the number of literal segments.
int fitness(const std::vector<std::string_view>& pattern,
            const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return -1;
  int literals = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (is_parameter(pattern[i])) {
      if (path[i].empty()) return -1;
    } else if (pattern[i] == path[i]) {
      ++literals;
    } else {
      return -1;
    }
  }
  return literals;
}

}  // namespace

Route& Router::add(Route route) {
  check(route.path.starts_with('/') && route.handler != nullptr,
        "a route has a path and a handler");
  for (const auto& known : routes_) {
    check(known->method != route.method || known->path != route.path, "a route was added twice");
  }
  return *routes_.emplace_back(std::make_unique<Route>(std::move(route)));
}

RouteMatch Router::match(std::string_view method, std::string_view path) const {
  RouteMatch found;
  const auto parts = segments(path);
  // The best template of any method decides what the path is; then the method must be there.
  int best = -1;
  for (const auto& route : routes_) best = std::max(best, fitness(segments(route->path), parts));
  if (best < 0) return found;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const auto& route : routes_) {
    const auto pattern = segments(route->path);
    if (fitness(pattern, parts) != best) continue;
    found.allowed.push_back(route->method);
    if (route->method != wanted) continue;
    found.route = route.get();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!is_parameter(pattern[i])) continue;
      found.params.emplace(pattern[i].substr(1, pattern[i].size() - 2), parts[i]);
    }
  }
  return found;
}

}  // namespace croft
