// What the edge of one node answered for one service, counted since the node's agent started.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json_codec.h"

namespace croft {

// Upper bounds in seconds of the durations that are counted; above the last there is one more.
inline constexpr std::array kHttpDurationBounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                0.5,   1.0,  2.5,   5.0,  10.0};

struct HttpCount {
  std::string method;      // GET…, or "other"
  std::string code_class;  // "1xx" to "5xx"; "0xx": the client left before there was an answer
  std::int64_t requests = 0;
};
BOOST_DESCRIBE_STRUCT(HttpCount, (), (method, code_class, requests))

struct HttpFigures {
  std::string project;
  std::string service;  // hostname
  std::vector<HttpCount> counts;
  // Requests by duration, one number for each bound and one above. Without connections that were
  // taken over by another protocol: WebSockets last as long as somebody looks.
  std::vector<std::int64_t> durations;
  double duration_sum_s = 0;
  std::int64_t response_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(HttpFigures, (),
                      (project, service, counts, durations, duration_sum_s, response_bytes))

}  // namespace croft
