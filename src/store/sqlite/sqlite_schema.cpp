#include "store/sqlite/sqlite_schema.h"

namespace croft {
namespace {

// Times are milliseconds, flags 0/1, documents JSON text, *_sealed the output of Cipher. Rows of
// a tenant carry project_id, which the functions of the store compare with the scope.
// processes, events, audit and project_members do not reference projects: they outlive them.
constexpr std::string_view kInitial = R"sql(
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  status TEXT NOT NULL,
  tags TEXT NOT NULL,
  env_isolation TEXT NOT NULL,
  network_number INTEGER NOT NULL UNIQUE CHECK (network_number BETWEEN 1 AND 1023),
  generation INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE project_members (
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, project_id)
) STRICT;

CREATE TABLE services (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  hostname TEXT NOT NULL,
  type TEXT NOT NULL,
  category TEXT NOT NULL,
  status TEXT NOT NULL,
  index_number INTEGER NOT NULL CHECK (index_number BETWEEN 1 AND 65534),
  min_containers INTEGER NOT NULL,
  max_containers INTEGER NOT NULL,
  containers INTEGER NOT NULL,
  subdomain_enabled INTEGER NOT NULL,
  env_isolation TEXT NOT NULL,
  ports TEXT NOT NULL,
  active_version_id TEXT NOT NULL,
  last_version_number INTEGER NOT NULL DEFAULT 0,
  last_set_number INTEGER NOT NULL DEFAULT 0,
  generation INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (project_id, hostname),
  UNIQUE (project_id, index_number)
) STRICT;

CREATE TABLE versions (
  id TEXT PRIMARY KEY,
  service_id TEXT NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  source TEXT NOT NULL,
  setup TEXT NOT NULL,
  config TEXT NOT NULL,
  config_yaml TEXT NOT NULL,
  source_bytes INTEGER NOT NULL,
  bundle_bytes INTEGER NOT NULL,
  bundle_hash TEXT NOT NULL,
  bundle_path TEXT NOT NULL,
  image TEXT NOT NULL,
  environment_sealed BLOB,
  generation INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  activated_at INTEGER,
  UNIQUE (service_id, number)
) STRICT;

CREATE TABLE instance_sets (
  id TEXT PRIMARY KEY,
  service_id TEXT NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  version_id TEXT REFERENCES versions (id),
  number INTEGER NOT NULL,
  containers INTEGER NOT NULL,
  duty TEXT NOT NULL,
  state TEXT NOT NULL,
  generation INTEGER NOT NULL,
  image TEXT NOT NULL,
  init_config_sealed BLOB NOT NULL,
  secret_name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (service_id, number)
) STRICT;
CREATE INDEX instance_sets_version ON instance_sets (version_id);

CREATE TABLE variables (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  service_id TEXT REFERENCES services (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  key_folded TEXT NOT NULL,
  kind TEXT NOT NULL,
  editable INTEGER NOT NULL,
  deletable INTEGER NOT NULL,
  value_sealed BLOB NOT NULL,
  generation INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (owner_id, key_folded)
) STRICT;
CREATE INDEX variables_project ON variables (project_id);
CREATE INDEX variables_service ON variables (service_id);

CREATE TABLE processes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  queue TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  step TEXT NOT NULL,
  steps TEXT NOT NULL,
  step_state TEXT NOT NULL,
  params TEXT NOT NULL,
  result TEXT NOT NULL,
  error TEXT NOT NULL,
  progress INTEGER NOT NULL,
  cancellable INTEGER NOT NULL,
  actor TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  last_log_seq INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX processes_project ON processes (project_id, number);
CREATE INDEX processes_service ON processes (service_id, number);
CREATE INDEX processes_parent ON processes (parent_id) WHERE parent_id <> '';
CREATE INDEX processes_open ON processes (queue, number)
  WHERE status IN ('pending', 'running', 'canceling', 'rollbacking');

CREATE TABLE process_log (
  process_id TEXT NOT NULL REFERENCES processes (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (process_id, seq)
) STRICT;

CREATE TABLE tokens (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  project_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX tokens_user ON tokens (user_id, number);

CREATE TABLE setup_token (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  hash TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE nodes (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  index_number INTEGER NOT NULL UNIQUE CHECK (index_number BETWEEN 1 AND 15),
  address TEXT NOT NULL,
  engine_id TEXT NOT NULL,
  zone TEXT NOT NULL,
  labels TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_project ON events (project_id, id);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  token_id TEXT NOT NULL,
  action TEXT NOT NULL,
  project_id TEXT NOT NULL,
  object TEXT NOT NULL,
  result TEXT NOT NULL,
  reason TEXT NOT NULL,
  peer TEXT NOT NULL,
  request_id TEXT NOT NULL
) STRICT;
CREATE INDEX audit_project ON audit (project_id, number);
CREATE TRIGGER audit_is_append_only_1 BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TABLE idempotency_keys (
  user_id TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  response_sealed BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, key)
) STRICT;
)sql";

// Entries from before it stay outside of the chain, below its anchor. Only what lies below the
// anchor may be deleted: pruning moves that first (store/audit_chain.h).
constexpr std::string_view kAuditChain = R"sql(
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE TABLE audit_chain (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  anchor_number INTEGER NOT NULL,
  anchor_hash TEXT NOT NULL,
  head_number INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  seal TEXT NOT NULL,
  key_sealed BLOB
) STRICT;
INSERT INTO audit_chain
  SELECT 1, COALESCE(MAX(number), 0), '', COALESCE(MAX(number), 0), '', '', NULL FROM audit;
DROP TRIGGER audit_is_append_only_2;
CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit
WHEN OLD.number > (SELECT anchor_number FROM audit_chain)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_chain_stays BEFORE DELETE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
)sql";

// Of a project that is gone, its deletion still knows the name.
constexpr std::string_view kProcessNames = R"sql(
ALTER TABLE processes ADD COLUMN project_name TEXT NOT NULL DEFAULT '';
ALTER TABLE processes ADD COLUMN service_name TEXT NOT NULL DEFAULT '';
UPDATE processes SET
  project_name = COALESCE(
    (SELECT p.name FROM projects AS p WHERE p.id = processes.project_id),
    (SELECT json_extract(d.params, '$.name') FROM processes AS d
     WHERE d.project_id = processes.project_id AND d.kind = 'project.delete' LIMIT 1), ''),
  service_name = COALESCE(
    (SELECT s.hostname FROM services AS s WHERE s.id = processes.service_id), '')
  WHERE project_id <> '';
)sql";

constexpr std::string_view kProcessRequests = R"sql(
ALTER TABLE processes ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::string_view kNodeAvailability = R"sql(
ALTER TABLE nodes ADD COLUMN availability TEXT NOT NULL DEFAULT 'active';
)sql";

constexpr Migration kMigrations[] = {
    {1, "initial", kInitial},
    {2, "audit chain", kAuditChain},
    {3, "names of processes", kProcessNames},
    {4, "requests of processes", kProcessRequests, 3},
    {5, "availability of nodes", kNodeAvailability, 3},
};

}  // namespace

std::span<const Migration> sqlite_migrations() {
  return kMigrations;
}

}  // namespace croft
