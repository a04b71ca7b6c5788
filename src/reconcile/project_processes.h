// Processes of whole projects: the rest of an import, and deletion.
#pragma once

#include "reconcile/rollout.h"

namespace croft {

// project.import: params {services: [{id, priority}]}. The rows exist already; this brings managed
// services up group by group, highest priority first. A group starts only when the one before is
// available (zerops-30loops.md A9).
class ImportProcess final : public ProcessHandler {
 public:
  explicit ImportProcess(ProcessContext& context) : context_(context) {}
  std::string kind() const override { return "project.import"; }
  std::vector<Step> steps() const override;
  Task<Status> run(std::string step, ProcessRun& run) override;
  Task<Status> undo(ProcessRun& run) override;
  Task<Result<boost::json::value>> result(ProcessRun& run) override;

 private:
  Task<Status> start_group(ProcessRun& run, const std::vector<ServiceId>& group);
  Task<Status> wait_children(ProcessRun& run);

  ProcessContext& context_;
};

// project.delete: every service with its data, then the network, then the project.
class DeleteProjectProcess final : public ProcessHandler {
 public:
  explicit DeleteProjectProcess(ProcessContext& context) : context_(context), rollout_(context) {}
  std::string kind() const override { return "project.delete"; }
  std::vector<Step> steps() const override;
  Task<Status> run(std::string step, ProcessRun& run) override;
  Task<Status> undo(ProcessRun& run) override;
  Task<Result<boost::json::value>> result(ProcessRun& run) override;

 private:
  ProcessContext& context_;
  Rollout rollout_;
};

}  // namespace croft
