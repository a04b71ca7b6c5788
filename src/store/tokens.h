// Tokens, sessions and the one-time setup token. Only hashes are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/user.h"
#include "store/tx.h"

namespace croft {

struct NewToken {
  UserId user_id;
  TokenKind kind = TokenKind::kPersonal;
  std::string name;
  std::string hint;
  std::string hash;  // SHA-256 of the token, hex
  std::vector<TokenScope> scopes;
  ProjectId project_id;  // empty: every project of the user
  std::optional<Timestamp> expires_at;
};

Result<Token> create_token(Tx& tx, const Scope& scope, const NewToken& wanted);
Result<Token> get_token(const Tx& tx, const Scope& scope, const TokenId& id);
// Also revoked and expired ones: the caller checks.
Result<Token> get_token_by_hash(const Tx& tx, const Scope& scope, std::string_view hash);
// Not revoked, newest first; `after` is a creation order. kNotFound: no such user.
Result<Paged<Token>> list_tokens(const Tx& tx, const Scope& scope, const UserId& user,
                                 const Page& page);
// Does nothing when it is revoked already.
Status revoke_token(Tx& tx, const Scope& scope, const TokenId& id);
Status touch_token(Tx& tx, const Scope& scope, const TokenId& id, Timestamp used_at);
// Expired or revoked before `before`; how many.
Result<std::int64_t> prune_tokens(Tx& tx, const Scope& scope, Timestamp before);

// Replaces a former one. Platform scope only, like the next.
Status set_setup_token(Tx& tx, const Scope& scope, std::string_view hash, Timestamp expires_at);
// True, once, when this is the setup token and it has not expired.
Result<bool> use_setup_token(Tx& tx, const Scope& scope, std::string_view hash);

}  // namespace croft
