#include "node/http_tally.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace croft::node {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 7> kMethods{"GET",   "HEAD",   "POST",   "PUT",
                                                   "PATCH", "DELETE", "OPTIONS"};

// A client may send any word: the labels of a figure must stay few.
std::string method_of(std::string_view text) {
  return std::string(std::find(kMethods.begin(), kMethods.end(), text) == kMethods.end() ? "other"
                                                                                         : text);
}

// Of the Host header: without a port, in lower case.
std::string host_of(std::string_view text) {
  std::string host(text.substr(0, text.find(':')));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return host;
}

std::string_view text_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

// Within what an integer can hold and still be added up, whatever is in the file.
double number_at(const json::object& object, std::string_view key, double most = 1e15) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  return std::clamp(value->to_number<double>(), 0.0, most);
}

}  // namespace

void HttpTally::set_routes(const std::vector<EdgeRoute>& routes) {
  services_.clear();
  for (const EdgeRoute& route : routes) services_[route.host] = {route.project, route.service};
}

void HttpTally::take(std::string_view line) {
  const auto parsed = parse_json(line);
  if (!parsed || !parsed->is_object()) return;
  const json::object& entry = parsed->get_object();
  const json::value* const request = entry.if_contains("request");
  if (request == nullptr || !request->is_object()) return;
  const auto service = services_.find(host_of(text_at(request->get_object(), "host")));
  if (service == services_.end()) return;

  Count& count = counts_[service->second];
  const int status = static_cast<int>(number_at(entry, "status", 999));
  const std::string code_class = std::to_string(std::clamp(status / 100, 0, 5)) + "xx";
  ++count.requests[{method_of(text_at(request->get_object(), "method")), code_class}];
  count.response_bytes += static_cast<std::int64_t>(number_at(entry, "size"));
  if (status == 101) return;
  const double seconds = number_at(entry, "duration");
  count.durations.resize(kHttpDurationBounds.size() + 1);
  const auto bound =
      std::lower_bound(kHttpDurationBounds.begin(), kHttpDurationBounds.end(), seconds);
  ++count.durations[static_cast<std::size_t>(bound - kHttpDurationBounds.begin())];
  count.duration_sum_s += seconds;
}

std::vector<HttpFigures> HttpTally::figures() const {
  std::vector<HttpFigures> all;
  for (const auto& [service, count] : counts_) {
    HttpFigures one{.project = service.first,
                    .service = service.second,
                    .durations = count.durations,
                    .duration_sum_s = count.duration_sum_s,
                    .response_bytes = count.response_bytes};
    one.durations.resize(kHttpDurationBounds.size() + 1);
    for (const auto& [key, requests] : count.requests) {
      one.counts.push_back({key.first, key.second, requests});
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace croft::node
