// Where the collector gets lines from: the containers of this node that belong to services.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "node/log_lines.h"

namespace croft::node {

class LogSource {
 public:
  virtual ~LogSource() = default;
  // Running and stopped ones.
  virtual Task<Result<std::vector<LogContainer>>> list() = 0;
  // Frames at or after `since_ns`, oldest first, and then those that come; ends with the
  // container. kNotFound when it is gone.
  virtual Task<Result<std::unique_ptr<engine::LogStream>>> open(
      std::string id, std::optional<std::int64_t> since_ns) = 0;
};

// By the engine's labels croft.project and croft.service. Builds are left out: their output is in
// the log of their process.
class EngineLogSource final : public LogSource {
 public:
  // Only containers labelled croft.install=`install_id` exist for it. `engine` outlives it.
  EngineLogSource(engine::ContainerEngine& engine, std::string install_id);

  Task<Result<std::vector<LogContainer>>> list() override;
  Task<Result<std::unique_ptr<engine::LogStream>>> open(
      std::string id, std::optional<std::int64_t> since_ns) override;

 private:
  engine::ContainerEngine& engine_;
  std::string install_id_;
};

}  // namespace croft::node
