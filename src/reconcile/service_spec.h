// Swarm service specifications, built field by field from our model (rule S3): pure functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/spec.h"
#include "model/init_config.h"
#include "model/instance_set.h"
#include "model/project.h"
#include "model/service.h"
#include "reconcile/names.h"

namespace croft {

// What the catalog and the service say about how its containers run.
struct SetRuntime {
  struct Volume {
    std::string name;    // of the mount, part of the volume's name
    std::string target;  // absolute path in the container
  };
  std::string role = "runtime";  // label croft.role: runtime or managed
  std::vector<Volume> volumes;
  std::int64_t memory_bytes = 0;  // 0: no limit
  std::int64_t nano_cpus = 0;
  std::int64_t pids = 1024;
};

// The most that one container may use at once: half the machine, at least what its type is given,
// never more than there is (the engine refuses that). How containers share when all want more is a
// matter of weights. `type_cpus` > 0, `machine_cpus` >= 1.
std::int64_t cpu_limit(double type_cpus, std::int64_t machine_cpus);

struct SetSecret {
  std::string id;
  std::string name;
};

// `gateway4`, `gateway6`: of the project's segment, where its resolver answers.
engine::ServiceSpec set_service_spec(const Names& names, const Project& project,
                                     const Service& service, const InstanceSet& set,
                                     const InitConfig& init, const SetRuntime& runtime,
                                     const SetSecret& secret, const std::string& gateway4,
                                     const std::string& gateway6);

// One of the project's two cores; `slot` of kCoreSlots. `state_dir`: bind-mounted at kCoreStateDir,
// the same path on every node.
engine::ServiceSpec core_service_spec(const Names& names, const Project& project,
                                      const std::string& slot, const std::string& image,
                                      const std::filesystem::path& state_dir);

}  // namespace croft
