// Versions of services.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "model/version.h"
#include "store/tx.h"

namespace croft {

struct NewVersion {
  ServiceId service_id;
  std::string name;
  VersionStatus status = VersionStatus::kUploading;
  VersionSource source = VersionSource::kNone;
  std::string setup;
  boost::json::value config;
  std::string config_yaml;
  UserId created_by;  // empty: croft itself
};

// Takes the service's next number.
Result<Version> create_version(Tx& tx, const Scope& scope, const NewVersion& wanted);
Result<Version> get_version(const Tx& tx, const Scope& scope, const VersionId& id);
Result<Version> get_version_by_number(const Tx& tx, const Scope& scope, const ServiceId& service,
                                      int number);
// Newest first; `after` is a number. kNotFound: no such service.
Result<Paged<Version>> list_versions(const Tx& tx, const Scope& scope, const ServiceId& service,
                                     const Page& page);
// Not settled, oldest first: what a restarted croftd must look after.
Result<std::vector<Version>> unsettled_versions(const Tx& tx, const Scope& scope);

// Writes name, status, setup, config, config_yaml, source_bytes, bundle_bytes,
// bundle_hash, bundle_path and image;
// generation + 1.
Result<Version> update_version(Tx& tx, const Scope& scope, const Version& version);
Status set_version_status(Tx& tx, const Scope& scope, const VersionId& id, VersionStatus status);
// Makes it the service's active one, the former active one a backup; the service's generation + 1.
Result<Version> activate_version(Tx& tx, const Scope& scope, const VersionId& id);
// The settled ones beyond the `keep` newest, never the active one, oldest first (A8.6).
Result<std::vector<Version>> surplus_versions(const Tx& tx, const Scope& scope,
                                              const ServiceId& service, int keep);
// kConflict: it is the active one, or an instance set runs it.
Status delete_version(Tx& tx, const Scope& scope, const VersionId& id);

// The environment the version was deployed with: JSON text {"KEY":"value"}, encrypted at rest.
Status set_version_environment(Tx& tx, const Scope& scope, const VersionId& id,
                               const Secret& environment);
// Empty when none was set.
Result<Secret> version_environment(const Tx& tx, const Scope& scope, const VersionId& id);

}  // namespace croft
