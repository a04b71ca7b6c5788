// Versions of a service: create for an upload, deploy, activate an older one.
#pragma once

#include <optional>
#include <string>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "model/process.h"
#include "model/version.h"

namespace croft {

struct NewVersionRequest {
  std::string config;                     // text of croft.yml or zerops.yml
  std::string config_file = "croft.yml";  // its name
  std::string setup;                      // empty: the one named like the service
  std::string name;
};

struct VersionCreated {
  Version version;
  std::vector<FieldError> warnings;
};

// kInvalid with located fields when the configuration does not fit; nothing is created then.
Task<Result<VersionCreated>> create_version_use_case(AppContext& context, Scope scope,
                                                     ServiceId service, NewVersionRequest request);

// The same checks without creating anything; the warnings.
Task<Result<std::vector<FieldError>>> check_version(AppContext& context, Scope scope,
                                                    ServiceId service, NewVersionRequest request);

// The source of the version is complete, `bytes` long. kConflict unless it is being uploaded.
Task<Status> version_uploaded(AppContext& context, Scope scope, VersionId version,
                              std::uint64_t bytes);

// The upload failed: the version goes, unless its source came another way meanwhile.
Task<void> drop_upload(AppContext& context, Scope scope, VersionId version);

// kConflict unless its source was uploaded and it was not deployed yet.
Task<Result<Process>> deploy_version(AppContext& context, const Actor& actor, VersionId version);

// `number` empty: the one that was active before. kNotFound: there is none; kConflict: it never
// ran, or is active.
Task<Result<Process>> activate_version_use_case(AppContext& context, const Actor& actor,
                                                ServiceId service, std::optional<int> number);

}  // namespace croft
