// A version: bundle + configuration snapshot of a service. Exactly one is active; the 10 newest are
// kept for rollback (zerops-30loops.md A8.6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

// Zerops' appVersion.status in lower snake case (A1). kBackup: was active, can be activated again.
BOOST_DEFINE_ENUM_CLASS(VersionStatus, kUploading, kWaitingToBuild, kBuilding, kBuildFailed,
                        kPreparingRuntime, kPreparingRuntimeFailed, kWaitingToDeploy, kDeploying,
                        kDeployFailed, kActive, kBackup, kCancelled)
BOOST_DEFINE_ENUM_CLASS(VersionSource, kCli, kGit, kNone)

inline constexpr int kVersionsKept = 10;

// The environment snapshot is not a member: it holds secrets (store/versions.h).
struct Version {
  VersionId id;
  ServiceId service_id;
  ProjectId project_id;
  int number = 0;    // 1, 2, 3… per service, never reused
  std::string name;  // what the user calls it; may be empty
  VersionStatus status = VersionStatus::kUploading;
  VersionSource source = VersionSource::kNone;
  std::string setup;              // name of the setup in the configuration file
  boost::json::value config;      // the parsed setup
  std::string config_yaml;        // the file as it was sent
  std::int64_t source_bytes = 0;  // of the uploaded archive
  std::int64_t bundle_bytes = 0;
  std::string bundle_hash;      // SHA-256 hex of the bundle; empty until it is built
  std::string bundle_path;      // below CROFT_HOME/bundles; empty until it is built
  std::string image;            // what its containers run; empty until it is made
  std::int64_t generation = 1;  // of this row
  UserId created_by;            // empty: croft itself
  Timestamp created_at;
  std::optional<Timestamp> activated_at;  // last time it became the active one
};
BOOST_DESCRIBE_STRUCT(Version, (),
                      (id, service_id, project_id, number, name, status, source, setup, config,
                       config_yaml, source_bytes, bundle_bytes, bundle_hash, bundle_path, image,
                       generation, created_by, created_at, activated_at))

// Nothing more happens to it by itself.
inline bool is_settled(VersionStatus s) {
  return s == VersionStatus::kActive || s == VersionStatus::kBackup ||
         s == VersionStatus::kCancelled || s == VersionStatus::kBuildFailed ||
         s == VersionStatus::kPreparingRuntimeFailed || s == VersionStatus::kDeployFailed;
}

}  // namespace croft
