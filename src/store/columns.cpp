#include "store/columns.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>

namespace croft {

std::string to_hex(std::string_view bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                   bytes.size());
  text.pop_back();
  return text;
}

std::string from_hex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  std::size_t used = 0;
  const char* end = nullptr;
  if (::sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                       hex.size(), nullptr, &used, &end) != 0 ||
      end != hex.data() + hex.size()) {
    return {};
  }
  return bytes;
}

std::string SelectQuery::placeholder(SqlValue value) {
  params_.push_back(std::move(value));
  return fmt::format("?{}", params_.size());
}

SelectQuery& SelectQuery::where(std::string_view condition, SqlValue value) {
  const std::size_t mark = condition.find('?');
  check(mark != std::string_view::npos, "a condition has one value");
  sql_ += fmt::format(" AND {}{}{}", condition.substr(0, mark), placeholder(std::move(value)),
                      condition.substr(mark + 1));
  return *this;
}

SelectQuery& SelectQuery::where_any_of(std::string_view column_name,
                                       const std::vector<SqlValue>& values) {
  if (values.empty()) {
    sql_ += " AND 1 = 0";
    return *this;
  }
  sql_ += fmt::format(" AND {} IN (", column_name);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) sql_ += ",";
    sql_ += placeholder(values[i]);
  }
  sql_ += ")";
  return *this;
}

SelectQuery& SelectQuery::in_scope(const Scope& scope, std::string_view column_name) {
  if (scope.all_projects()) return *this;
  std::vector<SqlValue> ids;
  ids.reserve(scope.projects().size());
  for (const ProjectId& id : scope.projects()) ids.push_back(column(id));
  return where_any_of(column_name, ids);
}

SelectQuery& SelectQuery::then(std::string_view tail) {
  sql_ += " ";
  sql_ += tail;
  return *this;
}

SelectQuery& SelectQuery::limit(int count) {
  sql_ += fmt::format(" LIMIT {}", placeholder(std::int64_t{count}));
  return *this;
}

int page_limit(const Page& page) {
  return std::clamp(page.limit, 1, 200);
}

Result<std::int64_t> page_number(const Page& page) {
  if (page.after.empty()) return std::int64_t{0};
  std::int64_t number = 0;
  const char* end = page.after.data() + page.after.size();
  const auto parsed = std::from_chars(page.after.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 0) {
    return fail(ErrorCode::kInvalid, "the cursor is not one that a listing returned; leave it out");
  }
  return number;
}

}  // namespace croft
