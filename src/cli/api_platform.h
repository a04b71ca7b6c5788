// Objects about the platform itself: its audit trail, its backups.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/json_codec.h"

namespace croft::cli {

struct ApiAuditEntry {
  std::int64_t number = 0;
  std::string at, actor, action, object, result, reason, peer, request_id;
};
BOOST_DESCRIBE_STRUCT(ApiAuditEntry, (),
                      (number, at, actor, action, object, result, reason, peer, request_id))

struct ApiAuditVerdict {
  bool intact = false;
  std::int64_t entries = 0, first = 0, last = 0;
  std::optional<std::int64_t> broken;
  std::string head_hash, reason;
};
BOOST_DESCRIBE_STRUCT(ApiAuditVerdict, (),
                      (intact, entries, first, last, broken, head_hash, reason))

// What croftd --backup and --restore print.
struct ApiBackup {
  std::string created_at, install_id;
  std::map<std::string, std::int64_t> rows;  // by table
};
BOOST_DESCRIBE_STRUCT(ApiBackup, (), (created_at, install_id, rows))

struct ApiRestore {
  ApiBackup manifest;
  std::string replaced, kept_under;
};
BOOST_DESCRIBE_STRUCT(ApiRestore, (), (manifest, replaced, kept_under))

struct ApiUpgrade {
  std::string release;
};
BOOST_DESCRIBE_STRUCT(ApiUpgrade, (), (release))

}  // namespace croft::cli
