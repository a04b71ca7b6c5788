// For tests: the contract suite's fixture, run against every kind of store.
#pragma once

#include <gtest/gtest.h>

#include "store/audit.h"
#include "store/events.h"
#include "store/idempotency.h"
#include "store/instance_sets.h"
#include "store/nodes.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/settings.h"
#include "store/store_fixture.h"
#include "store/tokens.h"
#include "store/users.h"
#include "store/variables.h"
#include "store/versions.h"

namespace croft {

inline const Scope kPlatform = Scope::platform();

class StoreContract : public StoreTest, public testing::WithParamInterface<StoreKind> {
 protected:
  StoreContract() : StoreTest(GetParam()) {}

  Project project(const std::string& name) {
    return must(write([&](Tx& tx) { return create_project(tx, kPlatform, {.name = name}); }));
  }
  Service service(const Project& in, const std::string& hostname) {
    return must(write([&](Tx& tx) {
      return create_service(tx, kPlatform,
                            {.project_id = in.id,
                             .hostname = hostname,
                             .type = "nodejs@22",
                             .ports = {{.port = 80}}});
    }));
  }
  Version version(const Service& of, VersionStatus status) {
    return must(write([&](Tx& tx) {
      return create_version(tx, kPlatform, {.service_id = of.id, .status = status});
    }));
  }
  Process process(const Project& in, const ServiceId& service_id, const std::string& kind) {
    return must(write([&](Tx& tx) {
      return create_process(tx, kPlatform,
                            {.project_id = in.id, .service_id = service_id, .kind = kind});
    }));
  }
  std::vector<std::string> runnable() {
    const auto ready = must(read([](const Tx& tx) { return next_runnable(tx, kPlatform, 100); }));
    std::vector<std::string> kinds;
    for (const Process& p : ready) kinds.push_back(p.kind);
    return kinds;
  }
  Process move_to(Process p, ProcessStatus status) {
    p.status = status;
    return must(write([&](Tx& tx) { return update_process(tx, kPlatform, p); }));
  }
};

}  // namespace croft
