// The `filters` parameter of list calls.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "engine/filter.h"
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

}  // namespace croft::engine
