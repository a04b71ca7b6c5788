// Idempotency keys: a repeated POST answers as the first one did (24 h). Keys belong to the user
// of the scope.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json_codec.h"
#include "store/tx.h"

namespace croft {

inline constexpr Millis kIdempotencyKept{24 * 3600 * 1000};

struct SavedResponse {
  int status = 0;
  std::string location;  // header; may be empty
  std::string etag;
  std::string body;
};
BOOST_DESCRIBE_STRUCT(SavedResponse, (), (status, location, etag, body))

// nullopt: the key is new and now taken; do the work, then finish_idempotent() or
// abandon_idempotent(). kUnsupported: taken by another request (other hash). kConflict: the first
// request is still being worked on.
Result<std::optional<SavedResponse>> begin_idempotent(Tx& tx, const Scope& scope,
                                                      std::string_view key,
                                                      std::string_view request_hash);
Status finish_idempotent(Tx& tx, const Scope& scope, std::string_view key,
                         const SavedResponse& response);
Status abandon_idempotent(Tx& tx, const Scope& scope, std::string_view key);
// At the start of croftd: unfinished ones of the process before, and expired ones. Platform only.
Status prune_idempotent(Tx& tx, const Scope& scope, bool also_unfinished);

}  // namespace croft
