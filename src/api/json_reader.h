// Reads the members of a request body and collects every complaint, so that a caller learns of all
// of them at once. Unknown members are complaints too.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_codec.h"
#include "base/result.h"

namespace croft {

class JsonReader {
 public:
  // `object` must outlive the reader. `pointer` is where it stands in the body.
  explicit JsonReader(const boost::json::object& object, std::string pointer = "")
      : object_(object), pointer_(std::move(pointer)) {}

  // A member that must be there; an empty value after a complaint.
  std::string text(std::string_view key);
  // nullopt when the member is missing or null, and after a complaint.
  std::optional<std::string> optional_text(std::string_view key);
  std::optional<bool> optional_flag(std::string_view key);
  std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t smallest,
                                               std::int64_t largest);
  std::optional<std::vector<std::string>> optional_texts(std::string_view key);
  std::optional<std::map<std::string, std::string>> optional_text_map(std::string_view key);
  // nullptr when missing.
  const boost::json::array* optional_array(std::string_view key);
  template <class E>
  std::optional<E> optional_enum(std::string_view key) {
    const auto word = optional_text(key);
    if (!word) return std::nullopt;
    const auto value = enum_from_string<E>(*word);
    if (!value) complain(key, "one of " + words<E>());
    return value;
  }
  template <class E>
  std::vector<E> enums(std::string_view key) {
    std::vector<E> values;
    for (const std::string& word : optional_texts(key).value_or(std::vector<std::string>())) {
      const auto value = enum_from_string<E>(word);
      if (!value) complain(key, "each one of " + words<E>());
      if (value) values.push_back(*value);
    }
    return values;
  }

  void complain(std::string_view key, std::string message);
  // Takes over what the reader of a part found.
  void include(JsonReader& part);
  std::string pointer_to(std::string_view key) const;

  // kInvalid with every complaint; call it once all members were read.
  Status finish();

 private:
  template <class E>
  static std::string words() {
    std::string all;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
      if (!all.empty()) all += ", ";
      all += enum_wire_name(d.name);
    });
    return all;
  }
  const boost::json::value* member(std::string_view key);
  void note_unknown();

  const boost::json::object& object_;
  std::string pointer_;
  std::set<std::string, std::less<>> known_;
  std::vector<FieldError> complaints_;
};

}  // namespace croft
