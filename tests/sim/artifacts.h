// Builds and images without building anything: they take time, fail as the version says, and leave
// images in the engine.
#pragma once

#include "reconcile/artifacts.h"
#include "reconcile/names.h"
#include "world.h"

namespace croft::sim {

class SimArtifacts final : public Artifacts {
 public:
  SimArtifacts(SimWorld& world, ControlPlane& control, engine::Engine& engine, const Names& names)
      : world_(world), control_(control), engine_(engine), names_(names) {}

  Task<Result<std::string>> run_image(const catalog::Resolved& type, ProcessRun& run) override;
  Task<Result<BuiltBundle>> build(RolloutSubject subject, ProcessRun& run) override;
  Task<Result<std::string>> version_image(RolloutSubject subject, ProcessRun& run) override;
  Task<void> discard(const Version& version) override;
  Task<void> drop_build_cache(ServiceId) override { co_return; }
  Task<Status> forget_service(ServiceId service) override;

 private:
  Task<Result<std::string>> ensure(std::string tag, engine::Labels labels);
  Behaviour behaviour_of(const Version& version) const;

  SimWorld& world_;
  ControlPlane& control_;
  engine::Engine& engine_;
  const Names& names_;
};

}  // namespace croft::sim
