#include "store/cipher.h"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/file.h"

namespace croft {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kHeaderBytes = 1 + 4;
static_assert(MasterKeys::kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// Lengths first: no two places give the same bytes. The header (format, key id) is bound too.
std::string associated_data(const SecretPlace& place, std::string_view header) {
  return fmt::format("{}:{}:{}:{}{}{}{}", place.table.size(), place.column.size(), place.row.size(),
                     place.table, place.column, place.row, header);
}

std::string header_of(std::uint32_t key_id) {
  std::string header(kHeaderBytes, kFormat);
  for (std::size_t i = 0; i < 4; ++i) {
    header[1 + i] = static_cast<char>((key_id >> (8 * i)) & 0xffu);
  }
  return header;
}

std::uint32_t key_id_of(std::string_view header) {
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    id |= static_cast<std::uint32_t>(static_cast<unsigned char>(header[1 + i])) << (8 * i);
  }
  return id;
}

std::string hex_of(std::string_view raw) {
  std::string text(raw.size() * 2 + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), bytes(raw), raw.size());
  text.pop_back();
  return text;
}

tl::unexpected<Error> damaged_key_file(const std::filesystem::path& file, int line) {
  return fail(ErrorCode::kInvalid,
              fmt::format("master key file {}: line {} is not \"<id> <64 hex digits>\"; restore "
                          "the file from a backup",
                          file.string(), line));
}

}  // namespace

MasterKeys MasterKeys::generate(Random& random) {
  std::string key(kKeyBytes, '\0');
  random.fill(std::as_writable_bytes(std::span(key.data(), key.size())));
  MasterKeys keys;
  keys.add(1, Secret(std::move(key)));
  return keys;
}

Result<MasterKeys> MasterKeys::load(const std::filesystem::path& file) {
  auto content = read_file(file, 64u << 10);
  if (!content) return fail(std::move(content).error());
  const Secret text(std::move(*content));
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) {
    return fail(errno_error(fmt::format("stat {}", file.string()), errno));
  }
  if ((info.st_mode & 077) != 0) {
    return fail(ErrorCode::kForbidden,
                fmt::format("master key file {} can be read by others (mode {:o}); chmod 600 it",
                            file.string(), info.st_mode & 0777));
  }
  MasterKeys keys;
  std::string_view rest = text.reveal();
  for (int line = 1; !rest.empty(); ++line) {
    const std::string_view entry = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    std::uint32_t id = 0;
    const auto number = std::from_chars(entry.data(), entry.data() + entry.size(), id);
    const auto used = static_cast<std::size_t>(number.ptr - entry.data());
    std::string key(kKeyBytes, '\0');
    if (number.ec != std::errc() || id == 0 || entry.size() != used + 1 + 2 * kKeyBytes ||
        entry[used] != ' ' ||
        ::sodium_hex2bin(bytes(key), key.size(), entry.data() + used + 1, 2 * kKeyBytes, nullptr,
                         nullptr, nullptr) != 0) {
      return damaged_key_file(file, line);
    }
    keys.add(id, Secret(std::move(key)));
  }
  if (keys.keys_.empty()) return damaged_key_file(file, 1);
  return keys;
}

Status MasterKeys::save_new(const std::filesystem::path& file) const {
  if (std::filesystem::exists(file)) {
    return fail(ErrorCode::kConflict,
                fmt::format("master key file {} exists already", file.string()));
  }
  std::string text;
  for (const auto& [id, key] : keys_) text += fmt::format("{} {}\n", id, hex_of(key.reveal()));
  const Secret content(std::move(text));
  return write_file_atomically(file, content.reveal(), 0600);
}

void MasterKeys::add(std::uint32_t id, Secret key) {
  check(id > 0 && key.reveal().size() == kKeyBytes, "a master key has 32 bytes and an id");
  keys_.insert_or_assign(id, std::move(key));
}

std::uint32_t MasterKeys::current() const {
  check(!keys_.empty(), "no master key");
  return keys_.rbegin()->first;
}

const Secret* MasterKeys::find(std::uint32_t id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

std::string Cipher::encrypt(const SecretPlace& place, const Secret& plain) const {
  const std::uint32_t id = keys_.current();
  const std::string header = header_of(id);
  const std::string data = associated_data(place, header);
  std::string nonce(kNonceBytes, '\0');
  random_.fill(std::as_writable_bytes(std::span(nonce.data(), nonce.size())));
  std::string sealed(plain.reveal().size() + kTagBytes, '\0');
  ::crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes(sealed), nullptr, bytes(std::string_view(plain.reveal())), plain.reveal().size(),
      bytes(std::string_view(data)), data.size(), nullptr, bytes(std::string_view(nonce)),
      bytes(std::string_view(keys_.find(id)->reveal())));
  return header + nonce + sealed;
}

Result<Secret> Cipher::decrypt(const SecretPlace& place, std::string_view sealed) const {
  const std::string where = fmt::format("{}.{} of {}", place.table, place.column, place.row);
  if (sealed.size() < kHeaderBytes + kNonceBytes + kTagBytes || sealed[0] != kFormat) {
    return fail(ErrorCode::kFailed, "a stored secret is damaged; set it again", where);
  }
  const std::string_view header = sealed.substr(0, kHeaderBytes);
  const Secret* key = keys_.find(key_id_of(header));
  if (key == nullptr) {
    return fail(ErrorCode::kFailed,
                fmt::format("a stored secret was encrypted with master key {}, which the key file "
                            "lacks; restore the key file from a backup",
                            key_id_of(header)),
                where);
  }
  const std::string data = associated_data(place, header);
  const std::string_view nonce = sealed.substr(kHeaderBytes, kNonceBytes);
  const std::string_view body = sealed.substr(kHeaderBytes + kNonceBytes);
  std::string plain(body.size() - kTagBytes, '\0');
  if (::crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes(plain), nullptr, nullptr, bytes(body), body.size(), bytes(std::string_view(data)),
          data.size(), bytes(nonce), bytes(std::string_view(key->reveal()))) != 0) {
    return fail(ErrorCode::kFailed,
                "a stored secret does not open: it is damaged, was moved, or the master key is "
                "another one; restore the key file, or set the secret again",
                where);
  }
  return Secret(std::move(plain));
}

}  // namespace croft
