// The running platform as the API sees it: the world, the engine, the log store.
#pragma once

#include "app/running.h"
#include "daemon/parts.h"

namespace croft {

class DaemonPlatform final : public RunningPlatform {
 public:
  // `parts` outlives it.
  DaemonPlatform(Platform::Parts& parts, Clock& clock, DaemonOptions options);

  std::vector<LiveInstance> instances(const InstanceSetId& set) override;
  Task<Result<std::unique_ptr<engine::ExecSession>>> exec(std::string container,
                                                          std::vector<std::string> command,
                                                          bool tty, std::uint16_t rows,
                                                          std::uint16_t columns) override;
  Task<Status> begin_work() override;
  Task<Result<std::uint64_t>> receive_source(const Version& version, ByteSource& body) override;
  LogStore& logs() override;
  Task<std::vector<ComponentStatus>> components() override;
  Task<std::vector<DoctorCheck>> doctor() override;
  Task<std::vector<ReadyCheck>> readiness() override;
  Task<Result<std::vector<std::string>>> ready_types() override;
  Timestamp started_at() const override { return started_at_; }

 private:
  Platform::Parts& parts_;
  DaemonOptions options_;
  Timestamp started_at_;
};

}  // namespace croft
