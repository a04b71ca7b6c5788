// A hash over a sequence of texts, for names that follow the content.
#pragma once

#include <sodium.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft::build {

// SHA-256 of texts with their lengths, so that ("ab","c") and ("a","bc") differ.
class ContentHash {
 public:
  ContentHash();
  ContentHash& add(std::string_view text);
  // The content of a file, as if it had been read and added; never more than a piece of it is in
  // memory. Fails when it cannot be read, or gets shorter meanwhile.
  Status add_file(const std::filesystem::path& path);
  // The first 16 hexadecimal digits; ends the hash.
  std::string finish();

 private:
  crypto_hash_sha256_state state_;
};

}  // namespace croft::build
