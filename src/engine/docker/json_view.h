// Reading the engine's JSON without exceptions: what is missing or of another type reads as empty.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace croft::engine {

class JsonView {
 public:
  JsonView(const boost::json::value* value) : value_(value) {}
  JsonView(const boost::json::value& value) : value_(&value) {}

  JsonView operator[](std::string_view key) const;
  bool present() const { return value_ != nullptr && !value_->is_null(); }

  std::string text() const;
  std::int64_t integer() const;  // also of an unsigned or floating value; 0 when it does not fit
  std::uint64_t count() const;   // never negative
  bool flag() const;
  Timestamp time() const;               // of an RFC 3339 text; 0 for the engine's zero time
  Millis duration() const;              // of nanoseconds
  std::vector<JsonView> items() const;  // of an array
  std::vector<std::pair<std::string, JsonView>> members() const;  // of an object
  std::vector<std::string> texts() const;
  std::map<std::string, std::string> text_map() const;

 private:
  const boost::json::value* value_;
};

boost::json::array to_json(const std::vector<std::string>& texts);
boost::json::object to_json(const std::map<std::string, std::string>& texts);

// {"A": "b"} <-> ["A=b"]
boost::json::array env_to_json(const std::map<std::string, std::string>& env);
std::map<std::string, std::string> env_from_json(JsonView view);

// Nanoseconds since 1970 of an RFC 3339 text with up to nine fraction digits; 0 when it is none.
std::int64_t parse_time_ns(std::string_view text);

}  // namespace croft::engine
