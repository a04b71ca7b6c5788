// What commands in the container find in their environment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/user.h"
#include "model/init_config.h"

namespace croft::init {

using Environment = std::map<std::string, std::string>;

// Tells zsc, which cannot read the root-only configuration, where the exec-once arbiter is: the
// once_hosts, separated by commas. Not set when there are none.
inline constexpr const char* kOnceHostsVariable = "CROFT_ONCE_HOSTS";

// PATH, HOME, USER, LOGNAME, LANG and HOSTNAME, then `config.env`, which wins. Of `inherited` (our
// own environment) only PATH and HOSTNAME are taken: the engine's environment of the container is
// not the service's.
Environment child_environment(const InitConfig& config, const User& user,
                              const Environment& inherited);

// Another user of this container and what that user's commands find.
struct Account {
  User user;
  Environment env;
};

// `env` with HOME, USER and LOGNAME of `user` (a name or a uid) where `config.env` does not set
// them. kNotFound names a user that the image has not.
Result<Account> load_account(std::string_view user, const InitConfig& config, Environment env);

Environment own_environment();                             // of this process
std::vector<std::string> env_strings(const Environment&);  // "KEY=value"

}  // namespace croft::init
