// Processes that take containers away or change their number: stop, scale, delete.
#pragma once

#include "reconcile/rollout.h"

namespace croft {

// service.stop: drains and removes every container; data, versions and addresses stay.
class StopProcess final : public ProcessHandler {
 public:
  explicit StopProcess(ProcessContext& context) : context_(context), rollout_(context) {}
  std::string kind() const override { return "service.stop"; }
  std::vector<Step> steps() const override;
  Task<Status> run(std::string step, ProcessRun& run) override;
  Task<Status> undo(ProcessRun& run) override;
  Task<Result<boost::json::value>> result(ProcessRun& run) override;

 private:
  ProcessContext& context_;
  Rollout rollout_;
};

// service.scale: params {containers}; as many ready containers, or the old number again.
class ScaleProcess final : public ProcessHandler {
 public:
  explicit ScaleProcess(ProcessContext& context) : context_(context), rollout_(context) {}
  std::string kind() const override { return "service.scale"; }
  std::vector<Step> steps() const override;
  Task<Status> run(std::string step, ProcessRun& run) override;
  Task<Status> undo(ProcessRun& run) override;
  Task<Result<boost::json::value>> result(ProcessRun& run) override;

 private:
  Task<Status> set_count(ServiceId service, int containers, int* before);
  // Ids of the service's containers that have ended badly, as far as is known now.
  Task<Result<boost::json::array>> failed_containers(ServiceId service);
  Task<Status> wait_count(ProcessRun& run, ServiceId service, int containers);

  ProcessContext& context_;
  Rollout rollout_;
};

// service.delete: containers, versions with their images and bundles, volumes, the service itself.
class DeleteServiceProcess final : public ProcessHandler {
 public:
  explicit DeleteServiceProcess(ProcessContext& context) : context_(context), rollout_(context) {}
  std::string kind() const override { return "service.delete"; }
  std::vector<Step> steps() const override;
  Task<Status> run(std::string step, ProcessRun& run) override;
  Task<Status> undo(ProcessRun& run) override;
  Task<Result<boost::json::value>> result(ProcessRun& run) override;

 private:
  ProcessContext& context_;
  Rollout rollout_;
};

// The service is "deleting" and everything of it stops, without waiting for it. A service that is
// gone is done.
Task<Status> begin_service_deletion(ProcessContext& context, Rollout& rollout, ServiceId service);

// Takes everything of one service out of the engine and the store; shared with the deletion of a
// project. Idempotent: a service that is gone is done, also when another deletion was faster.
Task<Status> delete_service_with_all(ProcessContext& context, Rollout& rollout, ProcessRun& run,
                                     ServiceId service);

// After a deletion that failed. What is gone is gone: the service has failed, so that its user sees
// that something is left and can delete it again; or it is active, when nothing was taken away.
Status settle_undeleted(Tx& tx, const ServiceId& service);

}  // namespace croft
