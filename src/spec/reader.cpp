#include "spec/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "spec/suggest.h"

namespace croft::spec {
namespace {

// Enough of a value to recognise it in a message.
std::string shortened(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string result;
  for (const char c : text.substr(0, kShown)) result += c == '\n' ? ' ' : c;
  while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0) == 0x80 &&
         text.size() > kShown) {
    result.pop_back();
  }
  return text.size() > kShown ? result + "…" : result;
}

void complain_type(const Field& field, std::string_view expected, Complaints& out) {
  if (field->kind == NodeKind::kScalar && !field->is_null()) {
    out.error(field.at(), field.pointer,
              fmt::format("expected {}, found {} '{}'", expected, field->describe(),
                          shortened(field->text)));
  } else {
    out.error(field.at(), field.pointer,
              fmt::format("expected {}, found {}", expected, field->describe()));
  }
}

bool same(const FieldError& a, const FieldError& b) {
  return a.line == b.line && a.column == b.column && a.message == b.message;
}

void push(std::vector<FieldError>& list, FieldError complaint) {
  if (list.size() >= Complaints::kMax) return;
  // A setup that several others extend is read once for each of them.
  if (std::ranges::any_of(list, [&](const FieldError& e) { return same(e, complaint); })) return;
  const auto place =
      std::ranges::upper_bound(list, std::pair(complaint.line, complaint.column), {},
                               [](const FieldError& e) { return std::pair(e.line, e.column); });
  list.insert(place, std::move(complaint));
}

}  // namespace

void Complaints::error(Position at, std::string_view pointer, std::string message) {
  push(errors_, {std::string(pointer), std::move(message), file_, at.line, at.column});
}

void Complaints::warning(Position at, std::string_view pointer, std::string message) {
  push(warnings_, {std::string(pointer), std::move(message), file_, at.line, at.column});
}

void Complaints::adopt(std::vector<FieldError> errors, std::vector<FieldError> warnings,
                       std::string_view prefix, Position at) {
  const auto place = [&](FieldError& complaint) {
    complaint.pointer.insert(0, prefix);
    complaint.file = file_;
    if (complaint.line == 0) {
      complaint.line = at.line;
      complaint.column = at.column;
    }
  };
  for (FieldError& complaint : errors) {
    place(complaint);
    push(errors_, std::move(complaint));
  }
  for (FieldError& complaint : warnings) {
    place(complaint);
    push(warnings_, std::move(complaint));
  }
}

Error Complaints::to_error() const {
  check(!errors_.empty(), "Complaints::to_error without an error");
  const FieldError& first = errors_.front();
  std::string message = fmt::format("{}:{}:{}: {}", file_, first.line, first.column, first.message);
  if (errors_.size() > 1) message += fmt::format(" (and {} more)", errors_.size() - 1);
  return Error(ErrorCode::kInvalid, std::move(message)).with_fields(errors_);
}

Field Field::item(std::size_t index) const {
  const Node* item = node->items.at(index).get();
  return {item, pointer + pointer_step(index), item->at};
}

Field Field::entry(const MapEntry& entry) const {
  return {entry.value.get(),
          entry.origin.empty() ? pointer + pointer_step(entry.key) : entry.origin, entry.at};
}

std::optional<std::string> read_string(const Field& field, Complaints& out) {
  if (field->kind == NodeKind::kScalar && !field->is_null()) return field->text;
  complain_type(field, "text", out);
  return std::nullopt;
}

std::optional<std::string> read_text(const Field& field, Complaints& out) {
  auto text = read_string(field, out);
  if (text && text->find_first_not_of(" \t\r\n") == std::string::npos) {
    out.error(field.at(), field.pointer, "must not be empty");
    return std::nullopt;
  }
  return text;
}

std::optional<bool> read_bool(const Field& field, Complaints& out) {
  if (field->is_plain()) {
    // YAML 1.1 writes the same with yes and on, and so do files made for Zerops.
    for (const std::string_view yes : {"true", "True", "TRUE", "yes", "Yes", "on", "On"}) {
      if (field->text == yes) return true;
    }
    for (const std::string_view no : {"false", "False", "FALSE", "no", "No", "off", "Off"}) {
      if (field->text == no) return false;
    }
  }
  complain_type(field, "true or false", out);
  return std::nullopt;
}

std::optional<int> read_int(const Field& field, int min, int max, Complaints& out) {
  long long value = 0;
  const std::string& text = field->text;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (!field->is_plain() || text.empty() || stop != end || error == std::errc::invalid_argument) {
    complain_type(field, "a whole number", out);
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range || value < min || value > max) {
    out.error(field.at(), field.pointer,
              fmt::format("{} is out of range: {} to {}", shortened(text), min, max));
    return std::nullopt;
  }
  return static_cast<int>(value);
}

std::optional<double> read_number(const Field& field, double min, double max, Complaints& out) {
  double value = 0;
  const std::string& text = field->text;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (!field->is_plain() || text.empty() || stop != end || error != std::errc() ||
      !std::isfinite(value)) {
    complain_type(field, "a number", out);
    return std::nullopt;
  }
  if (value < min || value > max) {
    out.error(field.at(), field.pointer,
              fmt::format("{} is out of range: {} to {}", shortened(text), min, max));
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> read_choice(const Field& field,
                                       std::span<const std::string_view> allowed, Complaints& out) {
  const auto text = read_string(field, out);
  if (!text) return std::nullopt;
  if (std::ranges::find(allowed, *text) != allowed.end()) return text;
  std::string message =
      fmt::format("'{}' is not one of: {}", shortened(*text), fmt::join(allowed, ", "));
  if (const std::string close = nearest(*text, allowed); !close.empty()) {
    message += fmt::format("; did you mean '{}'?", close);
  }
  out.error(field.at(), field.pointer, std::move(message));
  return std::nullopt;
}

std::vector<std::string> read_strings(const Field& field, bool or_single, Complaints& out) {
  std::vector<std::string> result;
  if (field->is_null()) return result;
  if (field->kind == NodeKind::kScalar && or_single) {
    if (auto text = read_text(field, out)) result.push_back(std::move(*text));
    return result;
  }
  if (field->kind != NodeKind::kSequence) {
    complain_type(field, or_single ? "text or a list of texts" : "a list of texts", out);
    return result;
  }
  for (std::size_t i = 0; i < field->items.size(); ++i) {
    if (auto text = read_text(field.item(i), out)) result.push_back(std::move(*text));
  }
  return result;
}

std::vector<Field> read_items(const Field& field, Complaints& out) {
  std::vector<Field> result;
  if (field->kind == NodeKind::kSequence) {
    for (std::size_t i = 0; i < field->items.size(); ++i) result.push_back(field.item(i));
  } else if (!field->is_null()) {
    complain_type(field, "a list", out);
  }
  return result;
}

MapReader::MapReader(const Field& field, std::string_view what,
                     std::span<const std::string_view> known, Complaints& out, UnknownKeys unknown,
                     std::span<const std::string_view> harmless)
    : field_(field),
      what_(what),
      known_(known),
      out_(out),
      is_mapping_(field->kind == NodeKind::kMapping || field->is_null()) {
  if (!is_mapping_) complain_type(field, fmt::format("a mapping ({})", what), out);
  for (const MapEntry& entry : field->entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    const Field place = field.entry(entry);
    if (std::ranges::find(harmless, entry.key) != harmless.end()) {
      out.warning(entry.at, place.pointer,
                  fmt::format("'{}' has no effect in {}", shortened(entry.key), what));
      continue;
    }
    std::string message = fmt::format("unknown key '{}' in {}", shortened(entry.key), what);
    if (const std::string close = nearest(entry.key, known); !close.empty()) {
      message += fmt::format("; did you mean '{}'?", close);
    } else {
      message += fmt::format("; known here: {}", fmt::join(known, ", "));
    }
    if (unknown == UnknownKeys::kError) {
      out.error(entry.at, place.pointer, std::move(message));
    } else {
      out.warning(entry.at, place.pointer, std::move(message));
    }
  }
}

std::optional<Field> MapReader::get(std::string_view key) const {
  check(std::ranges::find(known_, key) != known_.end(), "MapReader: key missing in its own list");
  const MapEntry* entry = field_->find(key);
  if (entry == nullptr || entry->value->is_null()) return std::nullopt;
  return field_.entry(*entry);
}

std::optional<Field> MapReader::require(std::string_view key) const {
  auto found = get(key);
  if (!found && is_mapping_) {
    const MapEntry* empty = field_->find(key);
    out_.error(empty != nullptr ? empty->at : field_.at(), field_.pointer,
               empty != nullptr ? fmt::format("'{}' of {} has no value", key, what_)
                                : fmt::format("{} needs the key '{}'", what_, key));
  }
  return found;
}

void MapReader::string(std::string_view key, std::string& target) const {
  if (const auto field = get(key)) {
    if (auto value = read_string(*field, out_)) target = std::move(*value);
  }
}

void MapReader::boolean(std::string_view key, bool& target) const {
  if (const auto field = get(key)) target = read_bool(*field, out_).value_or(target);
}

void MapReader::integer(std::string_view key, int min, int max, std::optional<int>& target) const {
  if (const auto field = get(key)) target = read_int(*field, min, max, out_);
}

void MapReader::number(std::string_view key, double min, double max,
                       std::optional<double>& target) const {
  if (const auto field = get(key)) target = read_number(*field, min, max, out_);
}

void MapReader::strings(std::string_view key, bool or_single,
                        std::vector<std::string>& target) const {
  if (const auto field = get(key)) target = read_strings(*field, or_single, out_);
}

}  // namespace croft::spec
