// Secrets do not stand in the output of builds: whoever may read a build's log need not be allowed
// to read the variables (abuse case A12).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace croft::build {

// Shorter ones are everyday words; hiding those would make output unreadable and tell them.
inline constexpr std::size_t kShortestHidden = 8;

class SecretMask {
 public:
  SecretMask() = default;
  explicit SecretMask(const std::vector<Secret>& values);

  // The line with every value, line of a value, their base64 and percent-encoded forms as "***".
  std::string hide(std::string_view line) const;

 private:
  void add(std::string form);

  std::vector<Secret> forms_;  // longest first
};

}  // namespace croft::build
