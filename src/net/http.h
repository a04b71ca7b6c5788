// What HTTP messages are made of, for client and server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace croft {

// Header fields in order; names compare without regard to case.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields)
      : fields_(fields) {}

  // The first value of that name; nullopt when there is none.
  std::optional<std::string> find(std::string_view name) const;
  // Whether the comma-separated list in any field of that name holds `token`, without regard to
  // case.
  bool has_token(std::string_view name, std::string_view token) const;
  void add(std::string name, std::string value);
  // Replaces every field of that name.
  void set(std::string name, std::string value);
  void erase(std::string_view name);
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// "Not Found" for 404; "Unknown" for a code without a name.
std::string_view http_reason(int status);

// Equal without regard to ASCII case.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace croft
