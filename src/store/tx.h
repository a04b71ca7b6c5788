// Tx: one transaction of the store. The typed functions beside this file (projects.h, services.h…)
// take one; those that only read take it const, so that Store::read() cannot change anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "store/cipher.h"
#include "store/scope.h"
#include "store/sql.h"

namespace croft {

// Where a listing goes on. Order and meaning of `after` belong to the listing function.
struct Page {
  std::string after;  // empty: from the start
  int limit = 50;     // 1..200
};

template <class T>
struct Paged {
  std::vector<T> items;
  std::string next;  // `after` of the next page; empty: this is the last
};

class Tx {
 public:
  Tx(SqlConnection& sql, const Cipher& cipher, Timestamp now, Random& random)
      : sql_(sql), cipher_(cipher), now_(now), random_(random) {}
  Tx(const Tx&) = delete;

  // The same during the whole transaction.
  Timestamp now() const { return now_; }
  Random& random() { return random_; }
  const Cipher& cipher() const { return cipher_; }

  // For the functions of the store only.
  Result<std::vector<SqlRow>> query(std::string_view sql, const SqlParams& params) const {
    return sql_.query(sql, params);
  }
  // The only row, or nullopt when there is none.
  Result<std::optional<SqlRow>> query_one(std::string_view sql, const SqlParams& params) const;
  Result<std::int64_t> execute(std::string_view sql, const SqlParams& params) {
    return sql_.execute(sql, params);
  }
  // An INSERT/UPDATE with RETURNING of exactly one row.
  Result<SqlRow> execute_returning(std::string_view sql, const SqlParams& params);

  // Noted by append_event(); tells the Store's listener that there is something to send.
  void note_event(std::int64_t id) { last_event_id_ = id; }
  std::int64_t last_event_id() const { return last_event_id_; }

 private:
  SqlConnection& sql_;
  const Cipher& cipher_;
  Timestamp now_;
  Random& random_;
  std::int64_t last_event_id_ = 0;
};

}  // namespace croft
