// Passwords (argon2id) and tokens (256 random bits, kept as SHA-256). Rule S10.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace croft {

inline constexpr std::size_t kMinPassword = 10;  // characters, of 1 byte
inline constexpr std::size_t kMaxPassword = 1024;

// Cost of a hash. The defaults are libsodium's "interactive": 2 passes over 64 MiB, about 0.1 s.
struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t memory_bytes = 64u << 20;
};

// Both take long and much memory: call them on a pool. kExhausted when there is no memory.
Result<Secret> hash_password(const Secret& password, const PasswordCost& cost);
bool verify_password(const Secret& password, const Secret& hash);

// "croft_" and 43 characters of [0-9A-Za-z].
Secret make_token(Random& random);
// SHA-256 as hex, of any text.
std::string sha256_hex(std::string_view text);
// Enough of a token to recognise it, too little to guess it.
std::string token_hint(const Secret& token);

}  // namespace croft
