// The Artifacts port: from source to something that can run. What a rollout needs from src/build.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "model/project.h"
#include "model/service.h"
#include "model/version.h"
#include "reconcile/executor.h"
#include "spec/app_model.h"
#include "task/task.h"

namespace croft {

// One deployment's subject; references outlive the call.
struct RolloutSubject {
  const Project& project;
  const Service& service;
  const Version& version;
  const spec::Setup& setup;
};

struct BuiltBundle {
  std::string hash;  // SHA-256 hex
  std::string path;  // below CROFT_HOME/bundles
};

struct VersionOnDisk {
  ServiceId service;
  VersionId version;
};

class Artifacts {
 public:
  virtual ~Artifacts() = default;

  // The image of a service type, built when the engine does not hold it; progress goes to the
  // process log. Returns its reference.
  virtual Task<Result<std::string>> run_image(const catalog::Resolved& type, ProcessRun& run) = 0;

  // Runs the build of a version whose source was uploaded; its output goes to the process log.
  // Ends early with kCancelled when the run is to be cancelled. Sets run.failure for a command that
  // failed. A bundle that an earlier attempt finished is found again.
  virtual Task<Result<BuiltBundle>> build(RolloutSubject subject, ProcessRun& run) = 0;

  // The version's image: the run image, prepared, with the bundle. Returns its reference; an
  // existing one is found again.
  virtual Task<Result<std::string>> version_image(RolloutSubject subject, ProcessRun& run) = 0;

  // What only this version has: source, bundle, image. Missing things are no error.
  virtual Task<void> discard(const Version& version) = 0;
  // Ids of the versions that have something on disk.
  virtual Task<std::vector<VersionOnDisk>> on_disk() { co_return std::vector<VersionOnDisk>(); }
  // What builds of a service left for the next ones: the next starts from nothing. What cannot be
  // removed now is removed by a later call.
  virtual Task<void> drop_build_cache(ServiceId service) = 0;
  // What only a deleted service has beside its versions: volumes, images, caches.
  virtual Task<Status> forget_service(ServiceId service) = 0;
};

}  // namespace croft
