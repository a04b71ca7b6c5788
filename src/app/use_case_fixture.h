// What tests of the use cases share: a store, an owner, a member, a project.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/project_write.h"
#include "app/variable_set.h"
#include "store/services.h"
#include "store/store_fixture.h"
#include "store/users.h"

namespace croft {

class UseCases : public StoreTest {
 protected:
  UseCases() : StoreTest(StoreKind::kInline) {
    ann_ = actor("ann", UserRole::kOwner, {TokenScope::kAdmin});
    bob_ = actor("bob", UserRole::kMember, {TokenScope::kAdmin});
  }

  Actor actor(const std::string& name, UserRole role, std::vector<TokenScope> scopes) {
    const User user = must(write(
        [&](Tx& tx) { return create_user(tx, Scope::platform(), {.name = name, .role = role}); }));
    return {.user = user,
            .token = {.name = name + "'s", .scopes = std::move(scopes)},
            .scope = role == UserRole::kOwner ? Scope::owner(user.id) : Scope::of(user.id, {})};
  }
  template <class T>
  T run(Task<T> task) {
    return runtime_.run_until_done(std::move(task));
  }
  Project shop() { return must(run(create_project(context_, *ann_, {.name = "shop"}))).project; }
  Service service(const Project& project, const std::string& hostname, ServiceCategory category) {
    return must(write([&](Tx& tx) {
      return create_service(tx, Scope::platform(),
                            {.project_id = project.id,
                             .hostname = hostname,
                             .type = "x@1",
                             .category = category,
                             .subdomain_enabled = true,
                             .ports = {{.port = 80, .http = true}}});
    }));
  }
  Result<VariablesChanged> set(const std::string& service, std::vector<VariableInput> inputs,
                               bool replace = false) {
    return run(set_variables(context_, *ann_, {"shop", service}, std::move(inputs), replace));
  }

  const catalog::Catalog catalog_ = must(catalog::Catalog::from({}));
  AppContext context_{.store = store(),
                      .catalog = catalog_,
                      .clock = clock_,
                      .random = random_,
                      .platform = {},
                      .wake = [] {},
                      .cancel = {}};
  std::optional<Actor> ann_;
  std::optional<Actor> bob_;
};

}  // namespace croft
