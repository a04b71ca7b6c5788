#include "app/process_start.h"

#include "store/processes.h"

namespace croft {

Result<Process> start_process(Tx& tx, const Actor& actor, const ProcessStart& start) {
  auto process = create_process(tx, actor.scope,
                                {.project_id = start.project_id,
                                 .service_id = start.service_id,
                                 .kind = start.kind,
                                 .params = start.params,
                                 .actor = actor.user.id});
  if (!process) return process;
  CROFT_TRY(audit_done(tx, actor, start.kind, start.project_id, start.object));
  return process;
}

}  // namespace croft
