// Instance sets: what the service reconciler turns into Swarm services.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "model/instance_set.h"
#include "store/tx.h"

namespace croft {

struct NewInstanceSet {
  ServiceId service_id;
  VersionId version_id;  // empty for a managed service
  int containers = 1;
  InstanceDuty duty = InstanceDuty::kHold;
  std::string image;
  Secret init_config;  // InitConfig as JSON text, encrypted at rest
};

// Takes the service's next set number. kNotFound: no such service, or the version is not its own.
Result<InstanceSet> create_instance_set(Tx& tx, const Scope& scope, const NewInstanceSet& wanted);
Result<InstanceSet> get_instance_set(const Tx& tx, const Scope& scope, const InstanceSetId& id);
// Oldest first.
Result<std::vector<InstanceSet>> list_instance_sets(const Tx& tx, const Scope& scope,
                                                    const ServiceId& service);
// Of every project in the scope, by project, service and number: for reconcilers.
Result<std::vector<InstanceSet>> all_instance_sets(const Tx& tx, const Scope& scope);

// Writes containers, duty, state, image and secret_name; generation + 1.
Result<InstanceSet> update_instance_set(Tx& tx, const Scope& scope, const InstanceSet& set);
Result<Secret> instance_set_init_config(const Tx& tx, const Scope& scope, const InstanceSetId& id);
// When nothing of it is left in the engine.
Status delete_instance_set(Tx& tx, const Scope& scope, const InstanceSetId& id);

}  // namespace croft
