// A hash over a sequence of texts, for names that follow the content.
#pragma once

#include <sodium.h>

#include <string>
#include <string_view>

namespace croft::build {

// SHA-256 of texts with their lengths, so that ("ab","c") and ("a","bc") differ.
class ContentHash {
 public:
  ContentHash();
  ContentHash& add(std::string_view text);
  // The first 16 hexadecimal digits; ends the hash.
  std::string finish();

 private:
  crypto_hash_sha256_state state_;
};

}  // namespace croft::build
