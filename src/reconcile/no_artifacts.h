// For tests: nothing is built and nothing lies on disk. They override what they look at.
#pragma once

#include "reconcile/artifacts.h"

namespace croft {

class NoArtifacts : public Artifacts {
 public:
  Task<Result<std::string>> run_image(const catalog::Resolved&, ProcessRun&) override {
    co_return std::string();
  }
  Task<Result<BuiltBundle>> build(RolloutSubject, ProcessRun&) override { co_return BuiltBundle(); }
  Task<Result<std::string>> version_image(RolloutSubject, ProcessRun&) override {
    co_return std::string();
  }
  Task<void> discard(const Version&) override { co_return; }
  Task<void> drop_build_cache(ServiceId) override { co_return; }
  Task<Status> forget_service(ServiceId) override { co_return Status(); }
};

}  // namespace croft
