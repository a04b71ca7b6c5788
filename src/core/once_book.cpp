#include "core/once_book.h"

#include <algorithm>

namespace croft {

OnceRecord* OnceBook::find(const Place& place) {
  const auto it = std::find_if(
      records_.records.begin(), records_.records.end(),
      [&](const OnceRecord& r) { return r.service == place.service && r.key == place.key; });
  return it == records_.records.end() ? nullptr : &*it;
}

OnceBook::Order OnceBook::ask(Client client, const std::string& service,
                              const OnceRequest& request) {
  const Place place{service, request.key};
  const auto running = running_.find(place);
  if (running != running_.end()) {
    running->second.waiting.emplace_back(client, request.retry);
    places_[client] = place;
    return {.client = client, .what = Do::kWait};
  }
  const OnceRecord* done = find(place);
  if (done != nullptr && (done->result == 0 || !request.retry)) {
    return {.client = client, .what = Do::kResult, .result = done->result};
  }
  running_[place] = {.runner = client, .runner_retries = request.retry};
  places_[client] = place;
  return {.client = client, .what = Do::kRun};
}

void OnceBook::record(const Place& place, int exit_code) {
  if (OnceRecord* known = find(place)) {
    known->result = exit_code;
    return;
  }
  auto& all = records_.records;
  const auto of_service = [&](const OnceRecord& r) { return r.service == place.service; };
  const auto count = std::count_if(all.begin(), all.end(), of_service);
  if (count >= static_cast<std::ptrdiff_t>(kMaxOnceRecordsPerService)) {
    all.erase(std::find_if(all.begin(), all.end(), of_service));
  }
  all.push_back({.service = place.service, .key = place.key, .result = exit_code});
}

std::vector<OnceBook::Order> OnceBook::pass_on(const Place& place) {
  Running& running = running_[place];
  if (running.waiting.empty()) {
    running_.erase(place);
    return {};
  }
  running.runner = running.waiting.front().first;
  running.runner_retries = running.waiting.front().second;
  running.waiting.erase(running.waiting.begin());
  return {{.client = running.runner, .what = Do::kRun}};
}

std::vector<OnceBook::Order> OnceBook::finish(Client client, int exit_code) {
  const auto at = places_.find(client);
  if (at == places_.end() || running_[at->second].runner != client) return {};
  const Place place = at->second;
  places_.erase(at);
  Running& running = running_[place];
  // A failed run that retries leaves no record: the next one begins anew.
  if (exit_code != 0 && running.runner_retries) {
    std::vector<Order> orders = pass_on(place);
    orders.push_back({.client = client, .what = Do::kResult, .result = exit_code});
    return orders;
  }
  record(place, exit_code);
  std::vector<Order> orders = {{.client = client, .what = Do::kResult, .result = exit_code}};
  std::vector<std::pair<Client, bool>> still_waiting;
  for (const auto& [waiting, retry] : running.waiting) {
    if (exit_code != 0 && retry) {
      still_waiting.emplace_back(waiting, retry);
      continue;
    }
    places_.erase(waiting);
    orders.push_back({.client = waiting, .what = Do::kResult, .result = exit_code});
  }
  running.waiting = std::move(still_waiting);
  for (Order& order : pass_on(place)) orders.push_back(order);
  return orders;
}

std::vector<OnceBook::Order> OnceBook::leave(Client client) {
  const auto at = places_.find(client);
  if (at == places_.end()) return {};
  const Place place = at->second;
  places_.erase(at);
  Running& running = running_[place];
  if (running.runner == client) return pass_on(place);
  std::erase_if(running.waiting, [&](const auto& w) { return w.first == client; });
  return {};
}

}  // namespace croft
