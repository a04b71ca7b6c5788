#include "spec/password_hash.h"

#include <argon2.h>
#include <crypt.h>

#include <array>
#include <memory>
#include <span>

namespace croft::spec {
namespace {

constexpr unsigned long kBcryptCost = 11;
constexpr unsigned long kLeastBcryptCost = 4;
constexpr std::size_t kBcryptMax = 72;
constexpr std::uint32_t kArgonMemoryKib = 64 * 1024;
constexpr std::uint32_t kLeastArgonMemoryKib = 32;
constexpr std::uint32_t kArgonPasses = 4;
constexpr std::uint32_t kArgonLanes = 4;
constexpr std::size_t kArgonHashBytes = 32;
constexpr std::size_t kSaltBytes = 16;

}  // namespace

Result<std::string> hash_bcrypt(const std::string& password, Random& random, HashCost cost) {
  if (password.size() > kBcryptMax) {
    return fail(ErrorCode::kInvalid, "bcrypt takes at most 72 bytes");
  }
  if (password.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalid, "bcrypt cannot take a NUL byte");
  }
  std::array<char, kSaltBytes> salt{};
  random.fill(std::as_writable_bytes(std::span(salt)));
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const auto data = std::make_unique<crypt_data>();
  if (crypt_gensalt_rn("$2b$", cost == HashCost::kReal ? kBcryptCost : kLeastBcryptCost,
                       salt.data(), static_cast<int>(salt.size()), setting.data(),
                       static_cast<int>(setting.size())) == nullptr ||
      crypt_rn(password.c_str(), setting.data(), data.get(), sizeof(crypt_data)) == nullptr) {
    return fail(ErrorCode::kFailed, "this system's libcrypt has no bcrypt");
  }
  return std::string(data->output);
}

Result<std::string> hash_argon2id(const std::string& password, Random& random, HashCost cost) {
  std::array<char, kSaltBytes> salt{};
  random.fill(std::as_writable_bytes(std::span(salt)));
  const std::uint32_t memory_kib = cost == HashCost::kReal ? kArgonMemoryKib : kLeastArgonMemoryKib;
  std::string encoded(argon2_encodedlen(kArgonPasses, memory_kib, kArgonLanes, kSaltBytes,
                                        kArgonHashBytes, Argon2_id),
                      '\0');
  const int code = argon2id_hash_encoded(kArgonPasses, memory_kib, kArgonLanes, password.data(),
                                         password.size(), salt.data(), salt.size(), kArgonHashBytes,
                                         encoded.data(), encoded.size());
  if (code != ARGON2_OK) {
    return fail(ErrorCode::kExhausted, "argon2id failed", argon2_error_message(code));
  }
  encoded.resize(encoded.find('\0'));
  return encoded;
}

}  // namespace croft::spec
