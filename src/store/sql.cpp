#include "store/sql.h"

#include <limits>

#include "base/check.h"

namespace croft {

bool SqlRow::is_null(std::size_t column) const {
  check(column < values_.size(), "column out of range");
  return std::holds_alternative<SqlNull>(values_[column]);
}

std::int64_t SqlRow::integer(std::size_t column) const {
  check(column < values_.size() && std::holds_alternative<std::int64_t>(values_[column]),
        "not an integer column");
  return std::get<std::int64_t>(values_[column]);
}

int SqlRow::small(std::size_t column) const {
  const std::int64_t value = integer(column);
  check(value >= std::numeric_limits<int>::min() && value <= std::numeric_limits<int>::max(),
        "integer column out of the range of int");
  return static_cast<int>(value);
}

const std::string& SqlRow::text(std::size_t column) const {
  check(column < values_.size() && std::holds_alternative<std::string>(values_[column]),
        "not a text column");
  return std::get<std::string>(values_[column]);
}

const std::string& SqlRow::blob(std::size_t column) const {
  check(column < values_.size() && std::holds_alternative<SqlBlob>(values_[column]),
        "not a blob column");
  return std::get<SqlBlob>(values_[column]).bytes;
}

std::optional<std::int64_t> SqlRow::optional_integer(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string SqlRow::text_or_empty(std::size_t column) const {
  return is_null(column) ? std::string() : text(column);
}

}  // namespace croft
