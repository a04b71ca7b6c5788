// The Artifacts port over src/build: images of service types, builds, bundles, version images.
#pragma once

#include <filesystem>
#include <string>

#include "app/environment.h"
#include "build/build_runner.h"
#include "build/image_store.h"
#include "build/run_image.h"
#include "plan/address_plan.h"
#include "reconcile/artifacts.h"
#include "reconcile/names.h"
#include "store/store.h"

namespace croft {

// What it works with; everything outlives it.
struct BuildTools {
  Runtime& runtime;
  Store& store;
  engine::Engine& engine;
  Pool& pool;
  const catalog::Catalog& catalog;
  build::ImageStore& images;
  const Names& names;
  const AddressPlan& addresses;
  PlatformAddress platform;
  std::filesystem::path home;
};

class BuildArtifacts final : public Artifacts {
 public:
  explicit BuildArtifacts(BuildTools tools);

  Task<Result<std::string>> run_image(const catalog::Resolved& type, ProcessRun& run) override;
  Task<Result<BuiltBundle>> build(RolloutSubject subject, ProcessRun& run) override;
  Task<Result<std::string>> version_image(RolloutSubject subject, ProcessRun& run) override;
  Task<void> discard(const Version& version) override;
  Task<std::vector<VersionOnDisk>> on_disk() override;
  Task<void> drop_build_cache(ServiceId service) override;
  Task<Status> forget_service(ServiceId service) override;

  // Containers of builds that nobody runs any more.
  Task<Status> remove_leftovers() { return runner_.remove_leftovers(); }

  // Where the uploaded source of a version is kept.
  std::filesystem::path source_of(const Version& version) const;

 private:
  struct Surroundings;
  Task<Result<Surroundings>> surroundings(const RolloutSubject& subject);
  // Ends early with kCancelled when the process is to be cancelled.
  Task<Result<std::string>> ensure_image(build::ImageRequest request, ProcessRun& run);
  Task<Result<std::string>> build_image(const RolloutSubject& subject, ProcessRun& run);
  Task<Result<std::string>> prepare_image(const RolloutSubject& subject, ProcessRun& run,
                                          std::string image, const Surroundings& around);
  std::filesystem::path folder_of(const Version& version) const;

  BuildTools tools_;
  build::BuildRunner runner_;
  build::RunImages run_images_;
};

}  // namespace croft
