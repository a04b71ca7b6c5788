// Everything that ends with a new instance set serving: deploy, rollback, restart, start, and the
// first start of a managed service. One handler, because they differ in what comes before only.
#pragma once

#include <string>
#include <vector>

#include "reconcile/rollout.h"

namespace croft {

class RolloutProcess final : public ProcessHandler {
 public:
  // deploy:          params {version}; builds first when the version has source
  // activate:        params {version}; the version's image and its own environment snapshot
  // service.restart: the active version with today's environment
  // service.start:   the same, of a stopped service
  // service.create:  a managed service, for the first time
  enum class Kind : std::uint8_t { kDeploy, kRollback, kRestart, kStart, kCreate };

  RolloutProcess(ProcessContext& context, Kind kind);

  std::string kind() const override;
  std::vector<Step> steps() const override;
  Task<Status> run(std::string step, ProcessRun& run) override;
  Task<Status> undo(ProcessRun& run) override;
  Task<Result<boost::json::value>> result(ProcessRun& run) override;

 private:
  struct Subject;  // project, service, version, setup and catalog entry of the process
  Task<Result<Subject>> load(ProcessRun& run);

  Task<Status> prepare(ProcessRun& run, const Subject& subject);
  Task<Status> build(ProcessRun& run, const Subject& subject);
  Task<Status> make_image(ProcessRun& run, const Subject& subject);
  Task<Status> stop_old(ProcessRun& run, const Subject& subject);
  Task<Status> start(ProcessRun& run, const Subject& subject);
  Task<Status> wait_ready(ProcessRun& run, const Subject& subject);
  Task<Status> switch_over(ProcessRun& run, const Subject& subject);
  Task<Status> finish(ProcessRun& run, const Subject& subject);

  Task<Status> wait_for_core(ProcessRun& run, const Subject& subject);
  Task<Status> set_version(const Subject& subject, VersionStatus status);
  Task<Status> bring_back(ProcessRun& run, const Subject& subject);

  ProcessContext& context_;
  Kind kind_;
  Rollout rollout_;
};

}  // namespace croft
