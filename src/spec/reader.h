// Typed reading of a node tree: every getter takes a place, complains there, and lets reading go
// on, so that one run shows all that is wrong.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/yaml.h"

namespace croft::spec {

// What is wrong with one file, in file order, each thing once, at most kMax of each kind.
class Complaints {
 public:
  static constexpr std::size_t kMax = 200;

  explicit Complaints(std::string_view file) : file_(file) {}
  void error(Position at, std::string_view pointer, std::string message);
  void warning(Position at, std::string_view pointer, std::string message);
  // Moves both lists in; `prefix` goes in front of every pointer, and unlocated ones get `at`.
  void adopt(std::vector<FieldError> errors, std::vector<FieldError> warnings,
             std::string_view prefix, Position at);

  const std::string& file() const { return file_; }
  bool ok() const { return errors_.empty(); }
  const std::vector<FieldError>& errors() const { return errors_; }
  const std::vector<FieldError>& warnings() const { return warnings_; }
  // kInvalid; the message is that of the first complaint with its place and how many more there
  // are.
  Error to_error() const;

 private:
  std::string file_;
  std::vector<FieldError> errors_;
  std::vector<FieldError> warnings_;
};

// A value and where it stands. Never null; valid while the document is.
struct Field {
  const Node* node;
  std::string pointer;
  Position key_at;  // of its key, or of the value itself in a list

  Position at() const { return node->at; }
  const Node& operator*() const { return *node; }
  const Node* operator->() const { return node; }
  Field item(std::size_t index) const;
  Field entry(const MapEntry& entry) const;
};

// Each complains and answers nullopt (or an empty list) when the value is of another type.
// A string is any scalar but null, as written: 22.04 stays "22.04".
std::optional<std::string> read_string(const Field& field, Complaints& out);
// The same, and empty text is a complaint too.
std::optional<std::string> read_text(const Field& field, Complaints& out);
std::optional<bool> read_bool(const Field& field, Complaints& out);
// Decimal digits, not quoted. Outside [min, max] is a complaint.
std::optional<int> read_int(const Field& field, int min, int max, Complaints& out);
std::optional<double> read_number(const Field& field, double min, double max, Complaints& out);
// One of `allowed`, case and all.
std::optional<std::string> read_choice(const Field& field,
                                       std::span<const std::string_view> allowed, Complaints& out);
// A list of non-empty strings; with `or_single` also one string. Null is an empty list.
std::vector<std::string> read_strings(const Field& field, bool or_single, Complaints& out);
// Complains unless the value is a list; its items.
std::vector<Field> read_items(const Field& field, Complaints& out);

enum class UnknownKeys : unsigned char { kError, kWarning };

// A mapping with a fixed set of keys.
class MapReader {
 public:
  // Complains when `field` is no mapping (null counts as an empty one), and about each key that is
  // not in `known`, with the nearest that is. Keys in `harmless` are warnings instead.
  MapReader(const Field& field, std::string_view what, std::span<const std::string_view> known,
            Complaints& out, UnknownKeys unknown = UnknownKeys::kError,
            std::span<const std::string_view> harmless = {});

  // Whether the value is a mapping at all.
  explicit operator bool() const { return is_mapping_; }
  // The value of `key`; nullopt when it is missing or null.
  std::optional<Field> get(std::string_view key) const;
  // The same, and a missing key is a complaint.
  std::optional<Field> require(std::string_view key) const;

  // Leave the target alone when the key is missing or wrong.
  void string(std::string_view key, std::string& target) const;
  void boolean(std::string_view key, bool& target) const;
  void integer(std::string_view key, int min, int max, std::optional<int>& target) const;
  void number(std::string_view key, double min, double max, std::optional<double>& target) const;
  void strings(std::string_view key, bool or_single, std::vector<std::string>& target) const;

  const Field& field() const { return field_; }
  Complaints& out() const { return out_; }

 private:
  Field field_;
  std::string what_;
  std::span<const std::string_view> known_;
  Complaints& out_;
  bool is_mapping_ = false;
};

}  // namespace croft::spec
