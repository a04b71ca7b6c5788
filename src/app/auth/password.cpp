#include "app/auth/password.h"

#include <sodium.h>

#include "model/user.h"

namespace croft {

Result<Secret> hash_password(const Secret& password, const PasswordCost& cost) {
  char hash[crypto_pwhash_STRBYTES];
  const std::string& text = password.reveal();
  if (::crypto_pwhash_str_alg(hash, text.data(), text.size(), cost.passes, cost.memory_bytes,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kExhausted, "no memory to check a password; try again in a moment");
  }
  return Secret(hash);
}

bool verify_password(const Secret& password, const Secret& hash) {
  const std::string& text = password.reveal();
  return ::crypto_pwhash_str_verify(hash.reveal().c_str(), text.data(), text.size()) == 0;
}

Secret make_token(Random& random) {
  return Secret(kTokenPrefix + random.base62(43));
}

std::string sha256_hex(std::string_view text) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  ::crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  char hex[sizeof digest * 2 + 1];
  ::sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
  return hex;
}

std::string token_hint(const Secret& token) {
  return token.reveal().substr(0, std::string_view(kTokenPrefix).size() + 4);
}

}  // namespace croft
