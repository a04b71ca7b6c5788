// The Random port: ids, tokens, generated passwords and spread decisions come from here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>

namespace croft {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // `length` characters of [0-9A-Za-z]; 22 of them carry 131 bits.
  std::string base62(std::size_t length);
};

// The kernel's generator, through libsodium.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

// Same seed, same bytes: for tests and the simulator, never for secrets of a real platform.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::mt19937_64 engine_;
};

}  // namespace croft
