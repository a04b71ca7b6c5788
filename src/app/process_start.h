// How use cases start a process: one row and its audit entry in their own transaction. The store
// adds the event; its listener hears of that after the commit and wakes the executor.
#pragma once

#include <string>
#include <string_view>

#include "app/auth/actor.h"
#include "model/process.h"
#include "model/service.h"
#include "store/tx.h"

namespace croft {

struct ProcessStart {
  ProjectId project_id;
  ServiceId service_id;  // empty: of the whole project
  std::string kind;
  boost::json::object params;
  std::string object;  // for the audit trail: "service shop/api"
};

// Pending, at the end of the queue of its service or project; audited as `kind`. The caller has
// authorised it.
Result<Process> start_process(Tx& tx, const Actor& actor, const ProcessStart& start);

// The same in the queue of `service`, which is also the audit entry's object.
Result<Process> start_service_process(Tx& tx, const Actor& actor, const Service& service,
                                      std::string kind, boost::json::object params);

}  // namespace croft
