// Inside the store only: how values become columns and rows become values, and the one way to
// build a statement with a varying WHERE. Rows are our own output, so a word that no enumerator
// has is our bug: check().
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json_at_once.h"
#include "store/tx.h"

namespace croft {

template <class Tag>
SqlValue column(const Id<Tag>& id) {
  return id.str();
}
inline SqlValue column(Timestamp time) {
  return time.ms;
}
inline SqlValue column(const std::optional<Timestamp>& time) {
  if (!time) return SqlNull{};
  return time->ms;
}
inline SqlValue column(bool value) {
  return std::int64_t{value};
}
inline SqlValue column(int value) {
  return std::int64_t{value};
}
inline SqlValue column(std::int64_t value) {
  return value;
}
inline SqlValue column(std::string_view text) {
  return std::string(text);
}
inline SqlValue column(const char* text) {
  return std::string(text);
}
template <class E>
  requires std::is_enum_v<E>
SqlValue column(E value) {
  return enum_to_string(value);
}
// A document: anything the JSON codec knows.
template <class T>
SqlValue json_column(const T& value) {
  return to_json_text(value);
}

template <class I>
I id_at(const SqlRow& row, std::size_t i) {
  const std::string text = row.text_or_empty(i);
  if (text.empty()) return I();
  const auto id = I::parse(text);
  check(id.has_value(), "a stored id has the form of one");
  return *id;
}
template <class E>
std::vector<std::pair<std::string, E>> enum_words() {
  std::vector<std::pair<std::string, E>> words;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { words.emplace_back(enum_wire_name(d.name), d.value); });
  return words;
}
template <class E>
E enum_at(const SqlRow& row, std::size_t i) {
  static const std::vector<std::pair<std::string, E>> kWords = enum_words<E>();
  const std::string& text = row.text(i);
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const auto& word) { return word.first == text; });
  check(found != kWords.end(), "a stored word is a known one");
  return found->second;
}
inline Timestamp time_at(const SqlRow& row, std::size_t i) {
  return {row.integer(i)};
}
inline std::optional<Timestamp> optional_time_at(const SqlRow& row, std::size_t i) {
  if (row.is_null(i)) return std::nullopt;
  return Timestamp{row.integer(i)};
}
template <class T>
T json_at(const SqlRow& row, std::size_t i) {
  auto value = from_json_text_at_once<T>(row.text(i));
  check(value.has_value(), "a stored document has its type");
  return std::move(*value);
}

std::string to_hex(std::string_view bytes);
// Empty when it is not hex.
std::string from_hex(std::string_view hex);

// "SELECT … WHERE <always true>", then conditions, then the rest; '?' in a condition is its value.
class SelectQuery {
 public:
  explicit SelectQuery(std::string_view head) : sql_(head) {}

  SelectQuery& where(std::string_view condition, SqlValue value);
  SelectQuery& where_any_of(std::string_view column_name, const std::vector<SqlValue>& values);
  // Only rows of projects that the scope sees.
  SelectQuery& in_scope(const Scope& scope, std::string_view column_name);
  // ORDER BY and the like.
  SelectQuery& then(std::string_view tail);
  SelectQuery& limit(int count);

  Result<std::vector<SqlRow>> run(const Tx& tx) const { return tx.query(sql_, params_); }

 private:
  std::string placeholder(SqlValue value);

  std::string sql_;
  SqlParams params_;
};

// Rows to values.
template <class T>
Result<std::vector<T>> all_rows(const Result<std::vector<SqlRow>>& rows, T (*read)(const SqlRow&)) {
  if (!rows) return fail(rows.error());
  std::vector<T> values;
  values.reserve(rows->size());
  for (const SqlRow& row : *rows) values.push_back(read(row));
  return values;
}

// A page from limit + 1 rows; `key` names where the next one goes on.
template <class T, class Key>
Result<Paged<T>> page_of(const Result<std::vector<SqlRow>>& rows, T (*read)(const SqlRow&),
                         int limit, Key key) {
  if (!rows) return fail(rows.error());
  Paged<T> page;
  for (const SqlRow& row : *rows) {
    if (page.items.size() == static_cast<std::size_t>(limit)) {
      page.next = key(page.items.back());
      break;
    }
    page.items.push_back(read(row));
  }
  return page;
}

// 1..200, whatever was asked.
int page_limit(const Page& page);
// `after` of listings by number: 0 when it is empty, kInvalid when it is no number.
Result<std::int64_t> page_number(const Page& page);

}  // namespace croft
