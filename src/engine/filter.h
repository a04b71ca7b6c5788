// Exact matching of a Filter, where an engine does not do it.
#pragma once

#include <algorithm>
#include <string>

#include "engine/network_spec.h"

namespace croft::engine {

// Ids and names only; labels are compared by has_labels().
inline bool matches(const Filter& filter, const std::string& id, const std::string& name) {
  const auto holds = [](const Strings& list, const std::string& text) {
    return list.empty() || std::find(list.begin(), list.end(), text) != list.end();
  };
  return holds(filter.ids, id) && holds(filter.names, name);
}

inline bool has_labels(const Labels& wanted, const Labels& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && (label.second.empty() || label.second == found->second);
  });
}

}  // namespace croft::engine
