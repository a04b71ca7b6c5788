// Settings of the installation, by name: install id, ULA prefix, platform domain. Owners read
// them, the platform changes them; a scope limited to projects sees none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/tx.h"

namespace croft {

inline constexpr const char* kSettingInstallId = "install_id";
inline constexpr const char* kSettingUla = "ula_prefix";
inline constexpr const char* kSettingPool4 = "pool4";
inline constexpr const char* kSettingUplink4 = "uplink4";
inline constexpr const char* kSettingPlatformDomain = "platform_domain";

Result<std::optional<std::string>> get_setting(const Tx& tx, const Scope& scope,
                                               std::string_view name);
// kForbidden for a user's scope.
Status set_setting(Tx& tx, const Scope& scope, std::string_view name, std::string_view value);

}  // namespace croft
