#include "store/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "base/file.h"
#include "store/audit.h"
#include "store/settings.h"
#include "store/sqlite/sqlite_backup.h"
#include "store/sqlite/sqlite_database.h"
#include "store/store.h"

namespace croft {
namespace {

constexpr const char* kDatabase = "croft.db";
constexpr const char* kKeyFile = "master.key";
constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kMaxManifest = 1u << 20;
constexpr std::size_t kManifestLength = 8;  // hex digits before the manifest
constexpr std::uint64_t kMaxPart = 1ull << 40;
// Numbers that agents have seen stay behind them: more than any croftd gives out after a backup.
constexpr std::int64_t kGenerationLeap = 1'000'000'000;

// A directory of its own in the state directory, gone with this.
class Workspace {
 public:
  static Result<Workspace> make(const std::filesystem::path& state) {
    std::string pattern = (state / "backup-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return fail(errno_error(fmt::format("create a directory in {}", state.string()), errno));
    }
    return Workspace(pattern);
  }
  Workspace(Workspace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~Workspace() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Workspace(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

Status sync_directory(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    return fail(errno_error(fmt::format("fsync {}", path.string()), errno));
  }
  return {};
}

Status rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail(errno_error(fmt::format("rename {} to {}", from.string(), to.string()), errno));
}

Status add_part(SealedWriter& out, const std::filesystem::path& file, std::uint64_t size) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(errno_error(fmt::format("open {}", file.string()), errno));
  std::string piece(kPiece, '\0');
  while (size > 0) {
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece));
    const ssize_t got = ::read(fd.get(), piece.data(), want);
    if (got <= 0) {
      return fail(errno_error(fmt::format("read {}", file.string()), got < 0 ? errno : EIO));
    }
    CROFT_TRY(out.write(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
    size -= static_cast<std::uint64_t>(got);
  }
  return {};
}

Status take_part(SealedReader& in, const std::filesystem::path& file, std::uint64_t size) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail(errno_error(fmt::format("create {}", file.string()), errno));
  while (size > 0) {
    const auto piece = in.read(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece)));
    if (!piece) return fail(piece.error());
    std::string_view rest = *piece;
    while (!rest.empty()) {
      const ssize_t written = ::write(fd.get(), rest.data(), rest.size());
      if (written < 0) return fail(errno_error(fmt::format("write {}", file.string()), errno));
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    size -= piece->size();
  }
  if (::fsync(fd.get()) != 0)
    return fail(errno_error(fmt::format("fsync {}", file.string()), errno));
  return {};
}

// What `file` holds, unpacked into `into` and checked: pages, references, schema, counts.
Result<BackupManifest> unpack(const std::filesystem::path& file, const Secret& passphrase,
                              const std::filesystem::path& into) {
  auto in = SealedReader::open(file, passphrase);
  if (!in) return fail(std::move(in).error());
  const auto length = in->read(kManifestLength);
  if (!length) return fail(length.error());
  const std::size_t size = std::strtoull(length->c_str(), nullptr, 16);
  if (size > kMaxManifest) return fail(ErrorCode::kFailed, "the backup's manifest is too large");
  const auto text = in->read(size);
  if (!text) return fail(text.error());
  auto manifest = from_json_text<BackupManifest>(*text);
  if (!manifest) return fail(std::move(manifest).error());
  for (const BackupPart& part : manifest->parts) {
    if ((part.name != kDatabase && part.name != kKeyFile) || part.bytes > kMaxPart) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("{} holds {}, which this croft does not know; restore it with the "
                              "croft that made it",
                              file.string(), part.name));
    }
    CROFT_TRY(take_part(*in, into / part.name, part.bytes));
  }
  CROFT_TRY(in->expect_end());
  const auto facts = check_sqlite_database(into / kDatabase);
  if (!facts) return fail(facts.error());
  if (facts->rows != manifest->rows || facts->schema != manifest->schema) {
    return fail(
        ErrorCode::kFailed,
        fmt::format("{}: the database in it is not the one that was backed up", file.string()));
  }
  if (const auto keys = MasterKeys::load(into / kKeyFile); !keys) return fail(keys.error());
  return manifest;
}

// Of a database file nobody uses; empty when it cannot be read.
std::string install_id_of(const std::filesystem::path& database) {
  const auto connection = sqlite_file(database)->open_reader();
  if (!connection) return "";
  const auto rows =
      (*connection)
          ->query("SELECT value FROM settings WHERE name = ?1", {std::string(kSettingInstallId)});
  return rows && !rows->empty() ? rows->front().text(0) : "";
}

Status seal(const Workspace& from, const std::filesystem::path& file, const Secret& passphrase,
            const SealCost& cost, const BackupManifest& manifest) {
  const boost::json::object about{{"kind", "croft backup"},
                                  {"install_id", manifest.install_id},
                                  {"created_at", format_rfc3339(manifest.created_at)}};
  auto out = SealedWriter::create(file, passphrase, about, cost);
  if (!out) return fail(std::move(out).error());
  const std::string text = to_json_text(manifest);
  CROFT_TRY(out->write(fmt::format("{:0{}x}", text.size(), kManifestLength)));
  CROFT_TRY(out->write(text));
  for (const BackupPart& part : manifest.parts) {
    CROFT_TRY(add_part(*out, from / part.name, part.bytes));
  }
  return out->finish();
}

// Opens the restored database once as croftd will: migrations, keys, and what restoring changes.
Status prepare_restored(const std::filesystem::path& database,
                        const std::filesystem::path& key_file, const std::string& what,
                        Clock& clock, Random& random) {
  auto keys = MasterKeys::load(key_file);
  if (!keys) return fail(std::move(keys).error());
  auto store = Store::open(sqlite_file(database), std::move(*keys), clock, random,
                           {.readers = 1, .own_threads = false});
  if (!store) return fail(std::move(store).error());
  Runtime runtime;
  return runtime.run_until_done((*store)->write([&what](Tx& tx) -> Status {
    const Scope all = Scope::platform();
    const auto generation = get_setting(tx, all, kSettingNodeGeneration);
    if (!generation) return fail(generation.error());
    const std::int64_t seen = *generation ? std::stoll(**generation) : 1;
    CROFT_TRY(set_setting(tx, all, kSettingNodeGeneration, std::to_string(seen + kGenerationLeap)));
    return append_audit(tx, all, {.actor = "croft", .action = "platform.restore", .object = what});
  }));
}

// The files of a database, the log of a croftd that was killed included.
constexpr const char* kStateFiles[] = {"croft.db", "croft.db-wal", "croft.db-shm", "master.key"};
constexpr auto kDatabaseFiles = std::span(kStateFiles).first(3);

bool any_state(const std::filesystem::path& state) {
  return std::any_of(std::begin(kStateFiles), std::end(kStateFiles),
                     [&](const char* name) { return std::filesystem::exists(state / name); });
}

Result<std::filesystem::path> move_aside(const std::filesystem::path& state,
                                         std::span<const char* const> names, Timestamp now) {
  std::string stamp = format_rfc3339(now);
  std::replace(stamp.begin(), stamp.end(), ':', '-');
  const std::filesystem::path aside = state / ("before-restore-" + stamp);
  CROFT_TRY(make_directories(aside, 0700));
  for (const char* name : names) {
    if (!std::filesystem::exists(state / name)) continue;
    CROFT_TRY(rename_file(state / name, aside / name));
  }
  CROFT_TRY(sync_directory(aside));
  return aside;
}

}  // namespace

Result<BackupManifest> write_backup(const std::filesystem::path& state,
                                    const std::filesystem::path& file, const Secret& passphrase,
                                    const SealCost& cost, Timestamp now) {
  for (const char* name : {kDatabase, kKeyFile}) {
    if (std::filesystem::exists(state / name)) continue;
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no installation in {}: {} is missing", state.string(), name));
  }
  if (std::filesystem::exists(file)) {
    return fail(ErrorCode::kConflict,
                fmt::format("{} exists already; choose another name", file.string()));
  }
  const auto work = Workspace::make(state);
  if (!work) return fail(work.error());
  CROFT_TRY(copy_sqlite_database(state / kDatabase, *work / kDatabase));
  const auto key = read_file(state / kKeyFile);
  if (!key) return fail(key.error());
  CROFT_TRY(write_file_atomically(*work / kKeyFile, *key, 0600));
  const auto facts = check_sqlite_database(*work / kDatabase);
  if (!facts) return fail(facts.error());
  BackupManifest manifest{.created_at = now,
                          .install_id = install_id_of(*work / kDatabase),
                          .schema = facts->schema,
                          .rows = facts->rows,
                          .parts = {}};
  for (const char* name : {kDatabase, kKeyFile}) {
    manifest.parts.push_back({name, std::filesystem::file_size(*work / name)});
  }
  std::filesystem::path part = file;
  part += fmt::format(".part.{}", ::getpid());
  std::error_code ignored;
  std::filesystem::remove(part, ignored);  // of a backup that was killed
  Status written = seal(*work, part, passphrase, cost, manifest);
  if (written) {
    const auto check = Workspace::make(state);
    const auto opened = check ? unpack(part, passphrase, check->path())
                              : Result<BackupManifest>(fail(check.error()));
    if (!opened) written = fail(Error(opened.error()).in("verify the backup"));
  }
  if (written) written = rename_file(part, file);
  if (!written) {
    std::filesystem::remove(part, ignored);
    return fail(std::move(written).error());
  }
  CROFT_TRY(sync_directory(file.has_parent_path() ? file.parent_path() : "."));
  return manifest;
}

Result<RestoreReport> restore_backup(const std::filesystem::path& file,
                                     const std::filesystem::path& state, const Secret& passphrase,
                                     bool replace, Clock& clock, Random& random) {
  CROFT_TRY(make_directories(state, 0700));
  const bool occupied = any_state(state);
  RestoreReport report;
  if (occupied) {
    report.replaced = install_id_of(state / kDatabase);
    if (!replace) {
      return fail(
          ErrorCode::kConflict,
          fmt::format("{} holds an installation{}; to put the backup in its place: "
                      "--confirm (its files are moved aside, not deleted)",
                      state.string(), report.replaced.empty() ? "" : " (" + report.replaced + ")"));
    }
  }
  const auto work = Workspace::make(state);
  if (!work) return fail(work.error());
  auto manifest = unpack(file, passphrase, work->path());
  if (!manifest) return fail(std::move(manifest).error());
  CROFT_TRY(prepare_restored(*work / kDatabase, *work / kKeyFile,
                             "backup of " + format_rfc3339(manifest->created_at), clock, random));
  report.manifest = std::move(*manifest);
  if (occupied) {
    auto aside = move_aside(state, kStateFiles, clock.now());
    if (!aside) return fail(std::move(aside).error());
    report.kept_under = aside->string();
  }
  // The database first: without its key croftd refuses to start, whereas a key without a database
  // would get a new, empty one.
  CROFT_TRY(rename_file(*work / kDatabase, state / kDatabase));
  CROFT_TRY(rename_file(*work / kKeyFile, state / kKeyFile));
  CROFT_TRY(sync_directory(state));
  return report;
}

Status take_snapshot(const std::filesystem::path& state, const std::filesystem::path& into) {
  std::error_code ignored;
  std::filesystem::remove_all(into, ignored);
  CROFT_TRY(make_directories(into, 0700));
  CROFT_TRY(copy_sqlite_database(state / kDatabase, into / kDatabase));
  const auto facts = check_sqlite_database(into / kDatabase);
  if (!facts) return fail(Error(facts.error()).in("check the snapshot of the state"));
  return sync_directory(into);
}

Status restore_snapshot(const std::filesystem::path& from, const std::filesystem::path& state,
                        Clock& clock, Random& random) {
  if (!std::filesystem::exists(from / kDatabase)) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no snapshot in {}", from.string()));
  }
  const auto work = Workspace::make(state);
  if (!work) return fail(work.error());
  // A copy: the snapshot stays good when this is interrupted.
  CROFT_TRY(copy_sqlite_database(from / kDatabase, *work / kDatabase));
  const auto facts = check_sqlite_database(*work / kDatabase);
  if (!facts) return fail(facts.error());
  CROFT_TRY(prepare_restored(*work / kDatabase, state / kKeyFile, "snapshot before an upgrade",
                             clock, random));
  const auto aside = move_aside(state, kDatabaseFiles, clock.now());
  if (!aside) return fail(aside.error());
  CROFT_TRY(rename_file(*work / kDatabase, state / kDatabase));
  return sync_directory(state);
}

}  // namespace croft
