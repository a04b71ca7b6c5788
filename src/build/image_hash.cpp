#include "build/image_hash.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/fd.h"

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

Status ContentHash::add_file(const std::filesystem::path& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(errno_error("open " + path.string(), errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(errno_error("stat " + path.string(), errno));
  const std::string length = fmt::format("{}:", status.st_size);
  crypto_hash_sha256_update(&state_, bytes(length), length.size());
  std::vector<char> piece(256u << 10);
  for (off_t left = status.st_size; left > 0;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0) return fail(errno_error("read " + path.string(), errno));
    if (got == 0) return fail(ErrorCode::kConflict, path.string() + " is being written");
    crypto_hash_sha256_update(&state_, bytes({piece.data(), static_cast<std::size_t>(got)}),
                              static_cast<std::size_t>(got));
    left -= got;
  }
  return {};
}

std::string ContentHash::finish() {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256_final(&state_, digest.data());
  std::string hex;
  for (std::size_t i = 0; i < 8; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace croft::build
