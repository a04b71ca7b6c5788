// The table of routes. A route says what it demands of its caller; there is no way to leave that
// out (rule S2: deny by default).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api_request.h"

namespace croft {

// kPublic: anybody. The others: as Action of the same name, checked before the handler runs;
// handlers check it again for the project, once they know it.
enum class Access : std::uint8_t { kPublic, kRead, kDeploy, kWrite, kCreateProject, kAdmin };

// kStream: the handler reads the body itself, from the exchange.
enum class BodyKind : std::uint8_t { kNone, kJson, kStream };

using ApiHandler = std::function<Task<Result<ApiResponse>>(ApiRequest&)>;

struct Route {
  Route(std::string method_, std::string path_, Access access_, BodyKind body_, ApiHandler handler_)
      : method(std::move(method_)),
        path(std::move(path_)),
        access(access_),
        body(body_),
        handler(std::move(handler_)) {}

  std::string method;  // upper case; HEAD and OPTIONS come by themselves
  std::string path;    // whole, such as /api/v1/projects/{project}; {name} is one segment
  Access access;
  BodyKind body;
  ApiHandler handler;
  // The frame writes the audit entry of a success, for use cases that do not do so in their own
  // transaction. Empty: they do. Otherwise the action, such as "version.upload".
  std::string audit_as;
};

struct RouteMatch {
  const Route* route = nullptr;  // null: none
  std::map<std::string, std::string, std::less<>> params;
  std::vector<std::string> allowed;  // methods of that path, when it exists
};

class Router {
 public:
  // Returns the route, to set what is optional. Two routes of the same method and path are our bug.
  Route& add(Route route);
  // `path` as it came, decoded. A literal segment wins over {name}.
  RouteMatch match(std::string_view method, std::string_view path) const;
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace croft
