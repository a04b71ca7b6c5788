// A value that must not appear in a log, an error or a response. It converts to nothing: whoever
// needs the bytes says so with reveal(), which is easy to find. Wiped when it goes.
#pragma once

#include <string>
#include <string_view>

namespace croft {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  // In time that does not depend on where the two differ.
  bool equals(std::string_view other) const;

 private:
  std::string value_;
};

}  // namespace croft
