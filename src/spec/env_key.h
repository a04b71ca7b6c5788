// The grammar of environment variable names, and which of them belong to the platform.
#pragma once

#include <string>
#include <string_view>

namespace croft::spec {

// [a-zA-Z_][a-zA-Z0-9_]*, at most 255 characters.
bool is_env_key(std::string_view key);

// PATH, and names that begin with `zerops` or `croft` (lower case): set by the platform only.
bool is_reserved_env_key(std::string_view key);

// For comparing names, which are unique regardless of case.
std::string env_key_folded(std::string_view key);

// What is wrong with `key` as the name of a user's variable; empty when nothing is.
std::string describe_env_key_error(std::string_view key);

}  // namespace croft::spec
