#include "init/environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

extern char** environ;

namespace croft::init {

Environment child_environment(const InitConfig& config, const User& user,
                              const Environment& inherited) {
  Environment env = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", user.home},
      {"USER", user.name},
      {"LOGNAME", user.name},
      {"LANG", "C.UTF-8"},
  };
  for (const char* key : {"PATH", "HOSTNAME"}) {
    const auto found = inherited.find(key);
    if (found != inherited.end() && !found->second.empty()) env[key] = found->second;
  }
  if (!config.once_hosts.empty()) {
    env[kOnceHostsVariable] = fmt::format("{}", fmt::join(config.once_hosts, ","));
  }
  for (const auto& [key, value] : config.env) env[key] = value;
  return env;
}

Result<Account> load_account(std::string_view name, const InitConfig& config, Environment env) {
  auto user = load_user(name);
  if (!user) return fail(std::move(user).error());
  const Environment own = {{"HOME", user->home}, {"USER", user->name}, {"LOGNAME", user->name}};
  for (const auto& [key, value] : own) {
    if (!config.env.contains(key)) env[key] = value;
  }
  return Account{std::move(*user), std::move(env)};
}

Environment own_environment() {
  Environment env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    env.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return env;
}

std::vector<std::string> env_strings(const Environment& env) {
  std::vector<std::string> out;
  out.reserve(env.size());
  for (const auto& [key, value] : env) out.push_back(key + "=" + value);
  return out;
}

}  // namespace croft::init
