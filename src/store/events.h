// Events: the replayable stream of changes. Projects, services, versions, variables and processes
// append their own; callers add what the store does not know, such as instances and nodes.
#pragma once

#include <string_view>
#include <vector>

#include "model/event.h"
#include "store/tx.h"

namespace croft {

// `project` empty: of the platform, seen by owners only. Returns its id; the store's listener
// hears of it after the commit.
Result<std::int64_t> append_event(Tx& tx, const Scope& scope, const ProjectId& project,
                                  std::string_view type, const boost::json::value& data);
// With id > after, oldest first, at most `limit` (1..1000). `project` empty: all in the scope.
Result<std::vector<Event>> list_events(const Tx& tx, const Scope& scope, const ProjectId& project,
                                       std::int64_t after, int limit);
// 0: there has been none.
Result<std::int64_t> last_event_id(const Tx& tx, const Scope& scope);
// Of the oldest that is kept, whatever the scope; 0: none is.
Result<std::int64_t> first_event_id(const Tx& tx, const Scope& scope);
// Older than `before`, and those beyond the newest `keep`; how many. Platform scope only.
Result<std::int64_t> prune_events(Tx& tx, const Scope& scope, Timestamp before, int keep);

}  // namespace croft
