#include "engine/docker/json_view.h"

#include <boost/json.hpp>
#include <cmath>
#include <limits>

namespace croft::engine {

namespace json = boost::json;

JsonView JsonView::operator[](std::string_view key) const {
  if (value_ == nullptr || !value_->is_object()) return nullptr;
  return value_->get_object().if_contains(key);
}

std::string JsonView::text() const {
  if (value_ == nullptr || !value_->is_string()) return {};
  return std::string(value_->get_string());
}

std::int64_t JsonView::integer() const {
  if (value_ == nullptr) return 0;
  if (value_->is_int64()) return value_->get_int64();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  if (value_->is_uint64()) {
    const std::uint64_t number = value_->get_uint64();
    return number > static_cast<std::uint64_t>(kMax) ? 0 : static_cast<std::int64_t>(number);
  }
  if (value_->is_double() && std::abs(value_->get_double()) < 9e18) {
    return static_cast<std::int64_t>(value_->get_double());
  }
  return 0;
}

std::uint64_t JsonView::count() const {
  if (value_ != nullptr && value_->is_uint64()) return value_->get_uint64();
  const std::int64_t number = integer();
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

bool JsonView::flag() const {
  return value_ != nullptr && value_->is_bool() && value_->get_bool();
}

Timestamp JsonView::time() const {
  const auto parsed = parse_rfc3339(text());
  // The engine writes year 1 for "never".
  return parsed && parsed->ms > 0 ? *parsed : Timestamp{};
}

Millis JsonView::duration() const {
  return std::chrono::duration_cast<Millis>(std::chrono::nanoseconds(integer()));
}

std::vector<JsonView> JsonView::items() const {
  std::vector<JsonView> items;
  if (value_ == nullptr || !value_->is_array()) return items;
  for (const json::value& item : value_->get_array()) items.emplace_back(item);
  return items;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  std::vector<std::pair<std::string, JsonView>> members;
  if (value_ == nullptr || !value_->is_object()) return members;
  for (const auto& member : value_->get_object()) {
    members.emplace_back(std::string(member.key()), JsonView(member.value()));
  }
  return members;
}

std::vector<std::string> JsonView::texts() const {
  std::vector<std::string> texts;
  for (const JsonView item : items()) texts.push_back(item.text());
  return texts;
}

std::map<std::string, std::string> JsonView::text_map() const {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : members()) map[key] = value.text();
  return map;
}

json::array to_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object to_json(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object[key] = value;
  return object;
}

json::array env_to_json(const std::map<std::string, std::string>& env) {
  json::array array;
  for (const auto& [name, value] : env) array.emplace_back(name + "=" + value);
  return array;
}

std::map<std::string, std::string> env_from_json(JsonView view) {
  std::map<std::string, std::string> env;
  for (const std::string& line : view.texts()) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    env[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return env;
}

std::int64_t parse_time_ns(std::string_view text) {
  // What 64 bits hold ends in the year 2262.
  constexpr std::int64_t kMostMs = std::numeric_limits<std::int64_t>::max() / 1'000'000 - 1;
  const auto time = parse_rfc3339(text);
  if (!time || time->ms > kMostMs || time->ms < -kMostMs) return 0;
  std::int64_t below_ms = 0;
  const std::size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    std::int64_t scale = 100'000'000;
    for (std::size_t i = dot + 1; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      below_ms += (text[i] - '0') * scale;
      scale /= 10;
    }
    below_ms %= 1'000'000;
  }
  return time->ms * 1'000'000 + below_ms;
}

}  // namespace croft::engine
