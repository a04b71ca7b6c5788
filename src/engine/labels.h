// Reading labels of engine objects.
#pragma once

#include <string>

#include "engine/spec.h"

namespace croft::engine {

// The value of label `key`; empty when there is no such label.
inline std::string label(const Labels& labels, const std::string& key) {
  const auto it = labels.find(key);
  return it == labels.end() ? std::string() : it->second;
}

}  // namespace croft::engine
