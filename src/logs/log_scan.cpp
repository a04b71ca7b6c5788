#include "logs/log_scan.h"

#include <algorithm>
#include <deque>
#include <map>

namespace croft {
namespace {

constexpr std::size_t kMaxPageBytes = 4u << 20;
constexpr std::int64_t kRowsAtOnce = 100;
// How far a node's clock may be ahead of ours before `since` stops looking too early.
constexpr std::int64_t kClockSkewMs = 60'000;

struct Row {
  std::int64_t id = 0;
  std::int64_t source = 0;
  std::int64_t ts = 0;
  std::int64_t at = 0;
  std::string line;
};

struct Source {
  LogStream stream = LogStream::kStdout;
  InstanceSetId set;
  std::string container;
  std::string instance;
};

struct ServiceRow {
  std::int64_t id = 0;
  ServiceId service;
};

// The lines of one service in one direction, some at a time.
class Cursor {
 public:
  Cursor(SqlConnection& db, std::int64_t service, std::int64_t from, bool forward)
      : db_(db), service_(service), position_(from), forward_(forward) {}

  // Null at the end.
  Result<const Row*> peek() {
    if (rows_.empty() && !ended_) CROFT_TRY(fetch());
    return rows_.empty() ? nullptr : &rows_.front();
  }
  void pop() { rows_.pop_front(); }
  void end() {
    rows_.clear();
    ended_ = true;
  }

 private:
  Status fetch() {
    const char* sql = forward_ ? "SELECT id, source, ts, at, line FROM lines WHERE service = ?1 "
                                 "AND id > ?2 ORDER BY id LIMIT ?3"
                               : "SELECT id, source, ts, at, line FROM lines WHERE service = ?1 "
                                 "AND id <= ?2 ORDER BY id DESC LIMIT ?3";
    const auto rows = db_.query(sql, {service_, position_, kRowsAtOnce});
    if (!rows) return fail(rows.error());
    for (const SqlRow& row : *rows) {
      rows_.push_back(
          {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.text(4)});
    }
    ended_ = static_cast<std::int64_t>(rows->size()) < kRowsAtOnce;
    if (!rows_.empty()) position_ = forward_ ? rows_.back().id : rows_.back().id - 1;
    return {};
  }

  SqlConnection& db_;
  std::int64_t service_;
  std::int64_t position_;
  bool forward_;
  bool ended_ = false;
  std::deque<Row> rows_;
};

class Scan {
 public:
  Scan(SqlConnection& db, const LogQuery& query, int max_rows)
      : db_(db), query_(query), rows_left_(max_rows), forward_(query.after.has_value()) {}

  Result<LogPage> run() {
    const auto newest = db_.query("SELECT coalesce(max(id), 0) FROM lines", {});
    if (!newest) return fail(newest.error());
    page_.next = forward_ ? *query_.after : newest->front().integer(0);
    CROFT_TRY(open_cursors(forward_ ? *query_.after : newest->front().integer(0)));
    CROFT_TRY(collect());
    // Going forward to the end, what was there when we looked has been looked at.
    if (forward_ && !page_.more) {
      page_.next = std::max(page_.next, newest->front().integer(0));
    }
    if (!forward_) std::reverse(page_.lines.begin(), page_.lines.end());
    return std::move(page_);
  }

 private:
  Status open_cursors(std::int64_t from) {
    SqlParams params{query_.project.str()};
    std::string sql = "SELECT id, service FROM services WHERE project = ?1";
    if (query_.service) {
      sql += " AND service = ?2";
      params.emplace_back(query_.service->str());
    }
    const auto rows = db_.query(sql + " ORDER BY id LIMIT 1000", params);
    if (!rows) return fail(rows.error());
    for (const SqlRow& row : *rows) {
      services_.push_back({row.integer(0), ServiceId::parse(row.text(1)).value_or(ServiceId())});
      cursors_.emplace_back(db_, row.integer(0), from, forward_);
      CROFT_TRY(read_sources(row.integer(0)));
    }
    return {};
  }

  // Those of the service that the query asks for.
  Status read_sources(std::int64_t service) {
    const auto rows = db_.query(
        "SELECT id, stream, set_id, container, instance FROM sources WHERE service = ?1 AND "
        "(?2 = '' OR set_id = ?2) AND (?3 = '' OR container = ?3) AND (?4 = '' OR instance = ?4)",
        {service, query_.set ? query_.set->str() : "", query_.container, query_.instance});
    if (!rows) return fail(rows.error());
    for (const SqlRow& row : *rows) {
      sources_[row.integer(0)] = {static_cast<LogStream>(row.small(1)),
                                  InstanceSetId::parse(row.text(2)).value_or(InstanceSetId()),
                                  row.text(3), row.text(4)};
    }
    return {};
  }

  // The cursor whose next line comes next over all services; -1: all are at their end.
  Result<int> pick() {
    int best = -1;
    std::int64_t best_id = 0;
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      const auto row = cursors_[i].peek();
      if (!row) return fail(row.error());
      if (*row == nullptr) continue;
      const std::int64_t id = (*row)->id;
      if (best >= 0 && (forward_ ? id > best_id : id < best_id)) continue;
      best = static_cast<int>(i);
      best_id = id;
    }
    return best;
  }

  Status collect() {
    for (;;) {
      const auto picked = pick();
      if (!picked) return fail(picked.error());
      if (*picked < 0) return {};
      if (rows_left_-- <= 0 || full()) {
        page_.more = true;
        return {};
      }
      const auto index = static_cast<std::size_t>(*picked);
      const Row row = **cursors_[index].peek();
      cursors_[index].pop();
      if (forward_) page_.next = row.id;
      if (!forward_ && query_.since && row.at < query_.since->ms - kClockSkewMs) {
        cursors_[index].end();
        continue;
      }
      take(services_[index].service, row);
    }
  }

  bool full() const {
    return static_cast<int>(page_.lines.size()) >= query_.limit || bytes_ >= kMaxPageBytes;
  }

  void take(const ServiceId& service, const Row& row) {
    const auto source = sources_.find(row.source);
    if (source == sources_.end()) return;
    // In milliseconds: a far `since` has more nanoseconds than 64 bits hold.
    if (query_.since && row.ts / 1'000'000 < query_.since->ms) return;
    if (!query_.grep.empty() && row.line.find(query_.grep) == std::string::npos) return;
    bytes_ += row.line.size();
    page_.lines.push_back({.id = row.id,
                           .ts = row.ts,
                           .service = service,
                           .set = source->second.set,
                           .container = source->second.container,
                           .instance = source->second.instance,
                           .stream = source->second.stream,
                           .line = row.line});
  }

  SqlConnection& db_;
  const LogQuery& query_;
  int rows_left_;
  bool forward_;
  std::vector<ServiceRow> services_;
  std::vector<Cursor> cursors_;
  std::map<std::int64_t, Source> sources_;
  std::size_t bytes_ = 0;
  LogPage page_;
};

}  // namespace

Result<LogPage> scan_log(SqlConnection& db, const LogQuery& query, int max_rows) {
  return Scan(db, query, max_rows).run();
}

}  // namespace croft
