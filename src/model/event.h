// An event: something changed. Kept for a while so that a stream can be resumed (SSE
// Last-Event-ID).
#pragma once

#include <cstdint>
#include <string>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

struct Event {
  std::int64_t id = 0;      // ascending, never reused
  ProjectId project_id;     // empty: of the platform, seen by owners only
  std::string type;         // "project.changed", "process.changed", "service.changed"…
  boost::json::value data;  // small: ids and states; never a secret
  Timestamp at;
};
BOOST_DESCRIBE_STRUCT(Event, (), (id, project_id, type, data, at))

}  // namespace croft
