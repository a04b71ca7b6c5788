// What a rollout is about; shared by the parts of RolloutProcess.
#pragma once

#include <map>
#include <string>

#include "catalog/catalog.h"
#include "model/project.h"
#include "model/service.h"
#include "model/version.h"
#include "reconcile/rollout_process.h"
#include "spec/app_model.h"
#include "store/store.h"

namespace croft {

struct RolloutProcess::Subject {
  Project project;
  Service service;
  Version version;    // id empty for a managed service
  spec::Setup setup;  // of the version
  catalog::Resolved type;

  bool managed() const { return is_managed(service.category); }
  // The old containers must have gone before new ones come: one volume, or the setup says so.
  bool stop_first() const { return managed() || setup.deploy.temporary_shutdown; }
};

// The setup that a version was created with, from the file that came with it. kInvalid: it has
// none.
Result<spec::Setup> setup_of(const Version& version, const std::string& hostname);

// The environment a version was deployed with; empty when none was kept.
Result<std::map<std::string, std::string>> stored_environment(const Tx& tx, const VersionId& id);

}  // namespace croft
