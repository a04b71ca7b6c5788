#include "reconcile/all_processes.h"

#include "reconcile/project_processes.h"
#include "reconcile/rollout_process.h"
#include "reconcile/service_processes.h"

namespace croft {

void add_all_processes(Executor& executor, ProcessContext& context) {
  using Kind = RolloutProcess::Kind;
  for (const Kind kind :
       {Kind::kDeploy, Kind::kRollback, Kind::kRestart, Kind::kStart, Kind::kCreate}) {
    executor.add(std::make_unique<RolloutProcess>(context, kind));
  }
  executor.add(std::make_unique<StopProcess>(context));
  executor.add(std::make_unique<ScaleProcess>(context));
  executor.add(std::make_unique<DeleteServiceProcess>(context));
  executor.add(std::make_unique<ImportProcess>(context));
  executor.add(std::make_unique<DeleteProjectProcess>(context));
}

}  // namespace croft
