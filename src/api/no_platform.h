// For tests: a platform on which nothing runs. They override what they look at.
#pragma once

#include <cstdlib>

#include "app/running.h"

namespace croft {

class NoPlatform : public RunningPlatform {
 public:
  std::vector<LiveInstance> instances(const InstanceSetId&) override { return {}; }
  Task<Result<std::unique_ptr<engine::ExecSession>>> exec(std::string, std::vector<std::string>,
                                                          bool, std::uint16_t,
                                                          std::uint16_t) override {
    co_return fail(ErrorCode::kUnsupported, "no containers");
  }
  Task<Status> begin_work() override { co_return Status(); }
  Task<Result<std::uint64_t>> receive_source(const Version&, ByteSource&) override {
    co_return fail(ErrorCode::kUnsupported, "no uploads");
  }
  LogStore& logs() override { std::abort(); }
  Task<std::vector<ComponentStatus>> components() override {
    co_return std::vector<ComponentStatus>();
  }
  Task<std::vector<DoctorCheck>> doctor() override { co_return std::vector<DoctorCheck>(); }
  Task<std::vector<ReadyCheck>> readiness() override { co_return std::vector<ReadyCheck>(); }
  Task<Result<std::vector<std::string>>> ready_types() override {
    co_return std::vector<std::string>();
  }
  Timestamp started_at() const override { return {}; }
};

}  // namespace croft
