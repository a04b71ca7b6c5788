#include "api/json_reader.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace croft {
namespace {

// RFC 6901
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.get_string()));
}

}  // namespace

std::string JsonReader::pointer_to(std::string_view key) const {
  return pointer_ + "/" + escaped(key);
}

void JsonReader::complain(std::string_view key, std::string message) {
  complaints_.push_back({pointer_to(key), std::move(message)});
}

const boost::json::value* JsonReader::member(std::string_view key) {
  known_.emplace(key);
  const boost::json::value* value = object_.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string JsonReader::text(std::string_view key) {
  if (member(key) == nullptr) {
    complain(key, "is missing");
    return {};
  }
  return optional_text(key).value_or("");
}

std::optional<std::string> JsonReader::optional_text(std::string_view key) {
  const boost::json::value* value = member(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return text_of(*value);
  complain(key, "expected a string");
  return std::nullopt;
}

std::optional<bool> JsonReader::optional_flag(std::string_view key) {
  const boost::json::value* value = member(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  complain(key, "expected true or false");
  return std::nullopt;
}

std::optional<std::int64_t> JsonReader::optional_integer(std::string_view key,
                                                         std::int64_t smallest,
                                                         std::int64_t largest) {
  const boost::json::value* value = member(key);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const std::int64_t number = value->is_number() ? value->to_number<std::int64_t>(error) : 0;
  if (!value->is_number() || error || number < smallest || number > largest) {
    complain(key, fmt::format("expected a whole number from {} to {}", smallest, largest));
    return std::nullopt;
  }
  return number;
}

std::optional<std::vector<std::string>> JsonReader::optional_texts(std::string_view key) {
  const boost::json::array* array = optional_array(key);
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const boost::json::value& item : *array) {
    if (!item.is_string()) {
      complain(key, "expected a list of strings");
      return std::nullopt;
    }
    texts.push_back(text_of(item));
  }
  return texts;
}

std::optional<std::map<std::string, std::string>> JsonReader::optional_text_map(
    std::string_view key) {
  const boost::json::value* value = member(key);
  if (value == nullptr) return std::nullopt;
  std::map<std::string, std::string> texts;
  if (value->is_object()) {
    for (const auto& [name, item] : value->get_object()) {
      if (!item.is_string()) break;
      texts.emplace(std::string(std::string_view(name)), text_of(item));
    }
    if (texts.size() == value->get_object().size()) return texts;
  }
  complain(key, "expected an object of strings");
  return std::nullopt;
}

const boost::json::array* JsonReader::optional_array(std::string_view key) {
  const boost::json::value* value = member(key);
  if (value == nullptr) return nullptr;
  if (value->is_array()) return &value->get_array();
  complain(key, "expected a list");
  return nullptr;
}

void JsonReader::include(JsonReader& part) {
  part.note_unknown();
  for (FieldError& complaint : part.complaints_) complaints_.push_back(std::move(complaint));
}

void JsonReader::note_unknown() {
  for (const auto& [key, value] : object_) {
    const std::string_view name = key;
    if (!known_.contains(name)) complain(utf8_prefix(name, 64), "is not known here");
  }
}

Status JsonReader::finish() {
  note_unknown();
  if (complaints_.empty()) return {};
  const std::string first =
      fmt::format("request body: {} {}", complaints_[0].pointer, complaints_[0].message);
  return fail(Error(ErrorCode::kInvalid, first).with_fields(std::move(complaints_)));
}

}  // namespace croft
