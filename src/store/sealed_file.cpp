#include "store/sealed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"
#include "store/columns.h"

namespace croft {
namespace {

constexpr std::string_view kMagic = "croft-sealed-1\n";
constexpr std::size_t kPiece = 64u << 10;
constexpr std::size_t kOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kStreamHeader = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kMaxHeader = 64u << 10;
// What a file may ask of this machine.
constexpr std::uint64_t kMostPasses = 10;
constexpr std::uint64_t kMostMemory = 1u << 30;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Result<Secret> key_of(const Secret& passphrase, std::string_view salt, const SealCost& cost) {
  std::string key(crypto_secretstream_xchacha20poly1305_KEYBYTES, '\0');
  if (::crypto_pwhash(bytes(key), key.size(), passphrase.reveal().data(),
                      passphrase.reveal().size(), bytes(salt), cost.passes,
                      static_cast<std::size_t>(cost.memory_bytes),
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kExhausted,
                fmt::format("not enough memory to derive a key ({} MiB)", cost.memory_bytes >> 20));
  }
  return Secret(std::move(key));
}

Status write_all(int fd, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(errno_error(fmt::format("write {}", path.string()), errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Up to `size` bytes; fewer only at the end of the file.
Result<std::string> read_up_to(int fd, std::size_t size, const std::filesystem::path& path) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(fd, text.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(fmt::format("read {}", path.string()), errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

std::string length_of(std::size_t size) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>((size >> (8 * i)) & 0xffu);
  return text;
}

std::size_t length_from(std::string_view text) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    size |= static_cast<std::size_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return size;
}

tl::unexpected<Error> damaged(const std::filesystem::path& path, std::string_view how) {
  return fail(ErrorCode::kFailed,
              fmt::format("{} is damaged: {}; use another copy", path.string(), how));
}

struct Head {
  std::string text;  // everything before the stream header
  boost::json::object about;
  std::string salt;
  SealCost cost;
};

Result<Head> read_head(int fd, const std::filesystem::path& path) {
  const auto not_ours = [&] {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is not a sealed file of croft", path.string()));
  };
  const auto start = read_up_to(fd, kMagic.size() + 4, path);
  if (!start) return fail(start.error());
  if (start->size() != kMagic.size() + 4 || !start->starts_with(kMagic)) return not_ours();
  const std::size_t size = length_from(std::string_view(*start).substr(kMagic.size()));
  if (size > kMaxHeader) return not_ours();
  const auto text = read_up_to(fd, size, path);
  if (!text) return fail(text.error());
  const auto json = parse_json(*text);
  if (text->size() != size || !json || !json->is_object()) return not_ours();
  Head head{.text = *start + *text, .about = json->as_object(), .salt = {}, .cost = {}};
  const auto* salt = head.about.if_contains("salt");
  const auto* passes = head.about.if_contains("passes");
  const auto* memory = head.about.if_contains("memory_bytes");
  if (salt == nullptr || !salt->is_string() || passes == nullptr || memory == nullptr) {
    return not_ours();
  }
  const auto p = from_json<std::uint64_t>(*passes);
  const auto m = from_json<std::uint64_t>(*memory);
  head.salt = from_hex(std::string_view(salt->as_string()));
  if (!p || !m || *p < 1 || *p > kMostPasses || *m < crypto_pwhash_MEMLIMIT_MIN ||
      *m > kMostMemory || head.salt.size() != crypto_pwhash_SALTBYTES) {
    return not_ours();
  }
  head.cost = {.passes = *p, .memory_bytes = *m};
  return head;
}

}  // namespace

struct SealedWriter::State {
  std::filesystem::path path;
  Fd fd;
  crypto_secretstream_xchacha20poly1305_state stream{};
  std::string bound;    // to the first piece
  std::string pending;  // less than a piece
  Status push(std::string_view plain, bool last) {
    std::string sealed(plain.size() + kOverhead, '\0');
    const unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                   : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    ::crypto_secretstream_xchacha20poly1305_push(&stream, bytes(sealed), nullptr, bytes(plain),
                                                 plain.size(), bytes(std::string_view(bound)),
                                                 bound.size(), tag);
    bound.clear();
    return write_all(fd.get(), sealed, path);
  }
};

SealedWriter::SealedWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SealedWriter::SealedWriter(SealedWriter&&) noexcept = default;
SealedWriter::~SealedWriter() = default;

Result<SealedWriter> SealedWriter::create(const std::filesystem::path& path,
                                          const Secret& passphrase,
                                          const boost::json::object& about, const SealCost& cost) {
  if (passphrase.reveal().size() < kMinPassphrase) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the passphrase needs at least {} characters", kMinPassphrase));
  }
  std::string salt(crypto_pwhash_SALTBYTES, '\0');
  ::randombytes_buf(salt.data(), salt.size());
  boost::json::object header = about;
  header["salt"] = to_hex(salt);
  header["passes"] = cost.passes;
  header["memory_bytes"] = cost.memory_bytes;
  const auto key = key_of(passphrase, salt, cost);
  if (!key) return fail(key.error());
  auto state = std::make_unique<State>();
  state->path = path;
  state->fd = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!state->fd) return fail(errno_error(fmt::format("create {}", path.string()), errno));
  const std::string text = boost::json::serialize(header);
  state->bound = std::string(kMagic) + length_of(text.size()) + text;
  std::string stream_header(kStreamHeader, '\0');
  ::crypto_secretstream_xchacha20poly1305_init_push(&state->stream, bytes(stream_header),
                                                    bytes(std::string_view(key->reveal())));
  CROFT_TRY(write_all(state->fd.get(), state->bound + stream_header, path));
  return SealedWriter(std::move(state));
}

Status SealedWriter::write(std::string_view text) {
  while (!text.empty()) {
    const std::size_t take = std::min(kPiece - state_->pending.size(), text.size());
    state_->pending += text.substr(0, take);
    text.remove_prefix(take);
    // A full piece goes out only when more follows: the last one is never empty by accident.
    if (state_->pending.size() == kPiece && !text.empty()) {
      CROFT_TRY(state_->push(state_->pending, false));
      state_->pending.clear();
    }
  }
  return {};
}

Status SealedWriter::finish() {
  CROFT_TRY(state_->push(state_->pending, true));
  state_->pending.clear();
  if (::fsync(state_->fd.get()) != 0) {
    return fail(errno_error(fmt::format("fsync {}", state_->path.string()), errno));
  }
  return {};
}

struct SealedReader::State {
  std::filesystem::path path;
  Fd fd;
  crypto_secretstream_xchacha20poly1305_state stream{};
  std::string bound;
  std::string plain;
  bool first = true;
  bool ended = false;
  Status pull() {
    const auto sealed = read_up_to(fd.get(), kPiece + kOverhead, path);
    if (!sealed) return fail(sealed.error());
    if (sealed->size() < kOverhead) return damaged(path, "it is cut off");
    std::string opened(sealed->size() - kOverhead, '\0');
    unsigned char tag = 0;
    const int good = ::crypto_secretstream_xchacha20poly1305_pull(
        &stream, bytes(opened), nullptr, &tag, bytes(std::string_view(*sealed)), sealed->size(),
        bytes(std::string_view(bound)), bound.size());
    if (good != 0 && first) {
      return fail(ErrorCode::kForbidden,
                  fmt::format("{} does not open: the passphrase is wrong, or the file is damaged",
                              path.string()));
    }
    if (good != 0) return damaged(path, "a part of it was changed");
    first = false;
    bound.clear();
    ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    plain += opened;
    return {};
  }
};

SealedReader::SealedReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
SealedReader::SealedReader(SealedReader&&) noexcept = default;
SealedReader::~SealedReader() = default;

Result<SealedReader> SealedReader::open(const std::filesystem::path& path,
                                        const Secret& passphrase) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!state->fd) return fail(errno_error(fmt::format("open {}", path.string()), errno));
  auto head = read_head(state->fd.get(), path);
  if (!head) return fail(std::move(head).error());
  const auto stream_header = read_up_to(state->fd.get(), kStreamHeader, path);
  if (!stream_header) return fail(stream_header.error());
  if (stream_header->size() != kStreamHeader) return damaged(path, "it is cut off");
  const auto key = key_of(passphrase, head->salt, head->cost);
  if (!key) return fail(key.error());
  state->bound = std::move(head->text);
  if (::crypto_secretstream_xchacha20poly1305_init_pull(
          &state->stream, bytes(std::string_view(*stream_header)),
          bytes(std::string_view(key->reveal()))) != 0) {
    return damaged(path, "its stream does not start");
  }
  CROFT_TRY(state->pull());
  return SealedReader(std::move(state));
}

Result<std::string> SealedReader::read(std::size_t size) {
  while (state_->plain.size() < size) {
    if (state_->ended) return damaged(state_->path, "it holds less than it says");
    CROFT_TRY(state_->pull());
  }
  std::string taken = state_->plain.substr(0, size);
  state_->plain.erase(0, size);
  return taken;
}

Status SealedReader::expect_end() {
  if (!state_->ended && state_->plain.empty()) CROFT_TRY(state_->pull());
  if (!state_->ended || !state_->plain.empty()) {
    return damaged(state_->path, "it holds more than it says");
  }
  const auto more = read_up_to(state_->fd.get(), 1, state_->path);
  if (!more) return fail(more.error());
  if (!more->empty()) return damaged(state_->path, "something was appended");
  return {};
}

Result<boost::json::object> read_sealed_header(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(errno_error(fmt::format("open {}", path.string()), errno));
  auto head = read_head(fd.get(), path);
  if (!head) return fail(std::move(head).error());
  return std::move(head->about);
}

}  // namespace croft
