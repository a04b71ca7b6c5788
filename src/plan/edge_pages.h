// What the edge itself answers when no service does: as a page for browsers and as problem+json for
// everything else. Internal to edge_config.
#pragma once

#include <boost/json/array.hpp>

namespace croft {

// Routes of Caddy's error handling for 404 (no such name), 502, 503, 504 and the rest.
boost::json::array edge_error_routes();

}  // namespace croft
