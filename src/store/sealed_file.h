// A file under a passphrase: the key comes from it by argon2id, the content is encrypted in pieces
// with XChaCha20-Poly1305 (libsodium's secretstream). A wrong passphrase, a changed byte, a piece
// that is missing, moved or appended: none of them opens.
//
// On disk: "croft-sealed-1\n", length of the header (4 bytes, little endian), header (JSON,
// readable by all, bound to the first piece), secretstream header, pieces of 64 KiB + 17 bytes, the
// last one marked as such and shorter.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_codec.h"
#include "base/result.h"
#include "base/secret.h"

namespace croft {

inline constexpr std::size_t kMinPassphrase = 12;

// Of argon2id. The default is libsodium's "moderate": 256 MiB, about 0.7 s.
struct SealCost {
  std::uint64_t passes = 3;
  std::uint64_t memory_bytes = 256u << 20;
};

class SealedWriter {
 public:
  // Creates `path` with mode 0600; it must not exist. `about` is a JSON object that anybody can
  // read. kInvalid: the passphrase is too short.
  static Result<SealedWriter> create(const std::filesystem::path& path, const Secret& passphrase,
                                     const boost::json::object& about, const SealCost& cost);
  SealedWriter(SealedWriter&&) noexcept;
  ~SealedWriter();

  Status write(std::string_view bytes);
  // The last piece, and fsync. A file without it does not open.
  Status finish();

 private:
  struct State;
  explicit SealedWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class SealedReader {
 public:
  // kInvalid: not such a file. kForbidden: wrong passphrase, or damaged at its start.
  static Result<SealedReader> open(const std::filesystem::path& path, const Secret& passphrase);
  SealedReader(SealedReader&&) noexcept;
  ~SealedReader();

  // Exactly `size` bytes; kFailed when there are fewer, or the file is damaged.
  Result<std::string> read(std::size_t size);
  // kFailed unless everything was read and the file ends where its writer ended it.
  Status expect_end();

 private:
  struct State;
  explicit SealedReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The header, without a passphrase.
Result<boost::json::object> read_sealed_header(const std::filesystem::path& path);

}  // namespace croft
