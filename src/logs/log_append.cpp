#include "logs/log_append.h"

#include <fmt/format.h>

namespace croft {
namespace {

// The cap, its marker, and what replacing invalid UTF-8 may add.
constexpr std::size_t kRefusedLine = 4 * kMaxLogLine;

Status check_record(const LogRecord& record) {
  if (record.container.empty() || record.project.empty() || record.service.empty()) {
    return fail(ErrorCode::kInvalid,
                "append to logs: a record has no container, project or service");
  }
  if (record.line.size() > kRefusedLine) {
    return fail(ErrorCode::kTooLarge, fmt::format("append to logs: a line has {} bytes, at most {}",
                                                  record.line.size(), kRefusedLine));
  }
  return {};
}

}  // namespace

Result<std::int64_t> LogAppend::run(const std::vector<LogRecord>& records) {
  std::int64_t stored = 0;
  for (const LogRecord& record : records) {
    CROFT_TRY(check_record(record));
    const auto found = source_of(record);
    if (!found) return fail(found.error());
    Source& source = **found;
    if (record.position() <= source.last) continue;
    CROFT_TRY(
        db_.execute("INSERT INTO lines (service, source, ts, at, line) VALUES (?1, ?2, ?3, ?4, ?5)",
                    {source.service, source.id, record.ts, now_.ms, record.line}));
    source.last = record.position();
    added_bytes_[source.service] += static_cast<std::int64_t>(record.line.size());
    ++stored;
  }
  CROFT_TRY(save());
  return stored;
}

Result<LogAppend::Source*> LogAppend::source_of(const LogRecord& record) {
  const std::pair key(record.container, record.stream);
  if (const auto known = sources_.find(key); known != sources_.end()) return &known->second;
  const auto stream = static_cast<std::int64_t>(record.stream);
  const auto rows = db_.query(
      "SELECT id, service, last_ts, last_seq FROM sources WHERE container = ?1 AND stream = ?2",
      {record.container, stream});
  if (!rows) return fail(rows.error());
  Source source;
  if (!rows->empty()) {
    const SqlRow& row = rows->front();
    source = {row.integer(0), row.integer(1), {row.integer(2), row.integer(3)}};
  } else {
    const auto service = service_of(record);
    if (!service) return fail(service.error());
    const auto made = db_.query(
        "INSERT INTO sources (service, container, stream, set_id, instance, role, node, last_ts, "
        "last_seq, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, -1, 0, ?8) RETURNING id",
        {*service, record.container, stream, record.set.str(), record.instance, record.role, node_,
         now_.ms});
    if (!made) return fail(made.error());
    source = {made->front().integer(0), *service, {}};
  }
  return &sources_.emplace(key, source).first->second;
}

Result<std::int64_t> LogAppend::service_of(const LogRecord& record) {
  const auto rows = db_.query(
      "INSERT INTO services (project, service) VALUES (?1, ?2) "
      "ON CONFLICT (project, service) DO UPDATE SET bytes = bytes RETURNING id",
      {record.project.str(), record.service.str()});
  if (!rows) return fail(rows.error());
  return rows->front().integer(0);
}

Status LogAppend::save() {
  for (const auto& [key, source] : sources_) {
    CROFT_TRY(db_.execute(
        "UPDATE sources SET last_ts = ?2, last_seq = ?3, last_at = ?4, node = ?5 WHERE id = ?1",
        {source.id, source.last.ts, source.last.seq, now_.ms, node_}));
  }
  for (const auto& [service, bytes] : added_bytes_) {
    CROFT_TRY(
        db_.execute("UPDATE services SET bytes = bytes + ?2 WHERE id = ?1", {service, bytes}));
  }
  return {};
}

}  // namespace croft
