#include "store/store.h"

#include "base/log.h"
#include "store/columns.h"
#include "store/migrations.h"
#include "store/settings.h"

namespace croft {
namespace {

constexpr std::string_view kKeyCheckText = "croft key check";
constexpr SecretPlace kKeyCheckPlace{"settings", "value", "key_check"};

Error bug(const std::exception& e) {
  log_error("a transaction threw", {{"what", e.what()}});
  return Error(ErrorCode::kInternal, "croft failed; see croftd's log", e.what());
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(std::unique_ptr<SqlDatabase> database, MasterKeys keys,
                                           Clock& clock, Random& random, StoreOptions options) {
  check(options.readers >= 1 && options.readers <= 16, "1 to 16 readers");
  std::unique_ptr<Store> store(
      new Store(std::move(database), std::move(keys), clock, random, std::move(options)));
  CROFT_TRY(store->open_connections());
  CROFT_TRY(store->check_keys());
  return store;
}

Store::Store(std::unique_ptr<SqlDatabase> database, MasterKeys keys, Clock& clock, Random& random,
             StoreOptions options)
    : database_(std::move(database)),
      clock_(clock),
      random_(random),
      cipher_(std::move(keys), random),
      options_(std::move(options)) {
  if (!options_.own_threads) return;
  writer_pool_ = std::make_unique<Pool>(1);
  reader_pool_ = std::make_unique<Pool>(static_cast<std::size_t>(options_.readers));
}

Store::~Store() = default;

Task<void> Store::run(Pool* pool, std::function<void()> work) {
  if (pool != nullptr) {
    co_await run_blocking(*pool, std::move(work));
    co_return;
  }
  if (options_.pause) co_await options_.pause();
  work();
  if (options_.pause) co_await options_.pause();
}

tl::unexpected<Error> Store::overloaded() {
  return fail(ErrorCode::kUnavailable, "the store has too much to do; try again in a moment");
}

Status Store::open_connections() {
  auto writer = database_->open_writer();
  if (!writer) return fail(std::move(writer).error());
  writer_ = std::move(*writer);
  CROFT_TRY(migrate(*writer_, migrations_for(writer_->dialect()), clock_.now()));
  for (int i = 0; i < options_.readers; ++i) {
    auto reader = database_->open_reader();
    if (!reader && reader.error().code() == ErrorCode::kUnsupported) return {};
    if (!reader) return fail(std::move(reader).error());
    free_readers_.push_back(reader->get());
    readers_.push_back(std::move(*reader));
  }
  return {};
}

// A known text, encrypted when the database was new: whether the keys are the right ones shows at
// the start, not at the first secret that does not open.
Status Store::check_keys() {
  std::int64_t events = 0;
  return write_now(clock_.now(), events, [this](Tx& tx) -> Status {
    const auto row = tx.query_one("SELECT value FROM settings WHERE name = ?1",
                                  {std::string(kKeyCheckPlace.row)});
    if (!row) return fail(row.error());
    if (!*row) {
      const std::string sealed =
          cipher_.encrypt(kKeyCheckPlace, Secret(std::string(kKeyCheckText)));
      return set_setting(tx, Scope::platform(), kKeyCheckPlace.row, to_hex(sealed));
    }
    const auto opened = cipher_.decrypt(kKeyCheckPlace, from_hex((*row)->text(0)));
    if (!opened || !opened->equals(kKeyCheckText)) {
      return fail(ErrorCode::kFailed,
                  "the master key is not the one of this store; restore master.key from a backup",
                  opened ? std::string() : opened.error().describe());
    }
    return {};
  });
}

Status Store::write_now(Timestamp now, std::int64_t& last_event_id,
                        const std::function<Status(Tx&)>& fn) {
  CROFT_TRY(writer_->begin(SqlConnection::Access::kWrite));
  Tx tx(*writer_, cipher_, now, random_);
  try {
    const Status done = fn(tx);
    if (!done) {
      writer_->rollback();
      return done;
    }
  } catch (const std::exception& e) {
    writer_->rollback();
    return fail(bug(e));
  }
  CROFT_TRY(writer_->commit());
  last_event_id = tx.last_event_id();
  return {};
}

Status Store::read_now(Timestamp now, const std::function<Status(const Tx&)>& fn) {
  SqlConnection* connection = writer_.get();
  if (!reads_on_writer()) {
    const std::scoped_lock lock(mutex_);
    check(!free_readers_.empty(), "as many reader connections as reader threads");
    connection = free_readers_.back();
    free_readers_.pop_back();
  }
  Status done = connection->begin(SqlConnection::Access::kRead);
  if (done) {
    const Tx tx(*connection, cipher_, now, random_);
    try {
      done = fn(tx);
    } catch (const std::exception& e) {
      done = fail(bug(e));
    }
    connection->rollback();
  }
  if (!reads_on_writer()) {
    const std::scoped_lock lock(mutex_);
    free_readers_.push_back(connection);
  }
  return done;
}

}  // namespace croft
