// The `filters` parameter of list calls, and the exact matching that the engine does not do.
#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "engine/network_spec.h"
#include "net/url.h"

namespace croft::engine {

inline boost::json::array labels_filter(const Labels& labels) {
  boost::json::array array;
  for (const auto& [key, value] : labels) {
    array.emplace_back(value.empty() ? key : key + "=" + value);
  }
  return array;
}

// `with_ids` where the engine filters by id; names it matches by prefix or pattern, so those are
// compared here.
inline Query filters_of(const Filter& filter, bool with_ids) {
  boost::json::object filters;
  if (!filter.labels.empty()) filters["label"] = labels_filter(filter.labels);
  if (with_ids && !filter.ids.empty()) {
    filters["id"] = boost::json::array(filter.ids.begin(), filter.ids.end());
  }
  Query query;
  if (!filters.empty()) query.add("filters", boost::json::serialize(filters));
  return query;
}

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
