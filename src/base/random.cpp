#include "base/random.h"

#include <sodium.h>

#include <string_view>

#include "base/check.h"

namespace croft {

std::uint64_t Random::below(std::uint64_t bound) {
  check(bound > 0, "Random::below needs a positive bound");
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = 0;
  do {
    fill(std::as_writable_bytes(std::span(&value, 1)));
  } while (value >= limit);
  return value % bound;
}

std::string Random::base62(std::size_t length) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(length, '0');
  for (char& c : text) c = kAlphabet[below(kAlphabet.size())];
  return text;
}

void SystemRandom::fill(std::span<std::byte> out) {
  ::randombytes_buf(out.data(), out.size());
}

void SeededRandom::fill(std::span<std::byte> out) {
  for (std::byte& b : out) b = static_cast<std::byte>(engine_());
}

}  // namespace croft
