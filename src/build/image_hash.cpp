#include "build/image_hash.h"

#include <fmt/format.h>

#include <array>

namespace croft::build {
namespace {

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

ContentHash::ContentHash() {
  crypto_hash_sha256_init(&state_);
}

ContentHash& ContentHash::add(std::string_view text) {
  const std::string length = fmt::format("{}:", text.size());
  crypto_hash_sha256_update(&state_, bytes(length), length.size());
  crypto_hash_sha256_update(&state_, bytes(text), text.size());
  return *this;
}

std::string ContentHash::finish() {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256_final(&state_, digest.data());
  std::string hex;
  for (std::size_t i = 0; i < 8; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace croft::build
