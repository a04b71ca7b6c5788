#include "base/secret.h"

#include <sodium.h>

namespace croft {

Secret::Secret(Secret&& other) noexcept {
  value_.swap(other.value_);
}

Secret& Secret::operator=(Secret other) noexcept {
  value_.swap(other.value_);
  return *this;
}

Secret::~Secret() {
  if (!value_.empty()) ::sodium_memzero(value_.data(), value_.size());
}

bool Secret::equals(std::string_view other) const {
  return value_.size() == other.size() &&
         ::sodium_memcmp(value_.data(), other.data(), other.size()) == 0;
}

}  // namespace croft
