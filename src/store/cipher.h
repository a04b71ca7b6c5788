// Secrets at rest: XChaCha20-Poly1305 (libsodium) with the place of the value as associated data,
// so that a ciphertext copied into another row or column does not open (rule S10).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace croft {

// Keys by id; the highest id encrypts, the others still decrypt (rotation).
class MasterKeys {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  // One new key with id 1.
  static MasterKeys generate(Random& random);
  // Reads the file, one "<id> <64 hex digits>" per line. kNotFound when it is missing, kInvalid
  // when it is damaged, kForbidden when others than its owner may read it.
  static Result<MasterKeys> load(const std::filesystem::path& file);
  // Creates the file with mode 0600, durably. kConflict when it exists.
  Status save_new(const std::filesystem::path& file) const;

  void add(std::uint32_t id, Secret key);  // key of kKeyBytes
  std::uint32_t current() const;
  // nullptr: no such key.
  const Secret* find(std::uint32_t id) const;

 private:
  std::map<std::uint32_t, Secret> keys_;
};

// Where a secret lives.
struct SecretPlace {
  std::string_view table;
  std::string_view column;
  std::string_view row;  // its primary key
};

class Cipher {
 public:
  Cipher(MasterKeys keys, Random& random) : keys_(std::move(keys)), random_(random) {}

  // Version byte, key id, nonce, ciphertext.
  std::string encrypt(const SecretPlace& place, const Secret& plain) const;
  // kFailed when the bytes are damaged, come from another place, or their key is missing.
  Result<Secret> decrypt(const SecretPlace& place, std::string_view sealed) const;

 private:
  MasterKeys keys_;
  Random& random_;
};

}  // namespace croft
