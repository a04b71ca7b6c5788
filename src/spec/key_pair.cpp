#include "spec/key_pair.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include <array>
#include <span>

#include "base/openssl.h"

namespace croft::spec {
namespace {

constexpr std::size_t kEd25519Bytes = 32;

using openssl::Key;
using openssl::Number;
using openssl::pem_of;

tl::unexpected<Error> crypto_failed() {
  return fail(ErrorCode::kFailed, "a key could not be generated: the crypto library failed");
}

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string public_pem(EVP_PKEY* key) {
  return without_line_end(pem_of([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key); }));
}
std::string private_pem(EVP_PKEY* key) {
  return without_line_end(pem_of([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  }));
}

std::string base64(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string result(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(result.data(), result.size(),
                    reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), kVariant);
  result.pop_back();
  return result;
}

// RFC 4251 §5.
std::string ssh_uint32(std::size_t value) {
  std::string result;
  for (int shift = 24; shift >= 0; shift -= 8) result += static_cast<char>(value >> shift & 0xFF);
  return result;
}
std::string ssh_string(std::string_view text) {
  return ssh_uint32(text.size()) + std::string(text);
}
std::string ssh_mpint(const BIGNUM* number) {
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  if (!bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80) != 0)
    bytes.insert(0, 1, '\0');
  return ssh_string(bytes);
}

// OpenSSH's PROTOCOL.key, no passphrase, no comment.
std::string openssh_private(std::string_view public_blob, std::string_view seed,
                            std::string_view public_key, std::string_view check_bytes) {
  std::string secret = std::string(check_bytes) + std::string(check_bytes) +
                       ssh_string("ssh-ed25519") + ssh_string(public_key) +
                       ssh_string(std::string(seed) + std::string(public_key)) + ssh_string("");
  for (char pad = 1; secret.size() % 8 != 0; ++pad) secret += pad;
  using std::string_literals::operator""s;
  const std::string blob = "openssh-key-v1\0"s + ssh_string("none") + ssh_string("none") +
                           ssh_string("") + ssh_uint32(1) + ssh_string(public_blob) +
                           ssh_string(secret);
  constexpr std::size_t kLine = 64;  // as Go's PEM encoder wraps
  const std::string encoded = base64(blob);
  std::string result = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  for (std::size_t i = 0; i < encoded.size(); i += kLine) result += encoded.substr(i, kLine) + "\n";
  return result + "-----END OPENSSH PRIVATE KEY-----";
}

Number parameter(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  return Number(number);
}

}  // namespace

Result<KeyPair> generate_ed25519(Random& random) {
  std::string seed(kEd25519Bytes, '\0');
  random.fill(std::as_writable_bytes(std::span(seed)));
  const Key key(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size()));
  std::string public_key(kEd25519Bytes, '\0');
  std::size_t size = public_key.size();
  if (!key || EVP_PKEY_get_raw_public_key(
                  key.get(), reinterpret_cast<unsigned char*>(public_key.data()), &size) != 1) {
    return crypto_failed();
  }
  std::string check_bytes(4, '\0');
  random.fill(std::as_writable_bytes(std::span(check_bytes)));
  const std::string blob = ssh_string("ssh-ed25519") + ssh_string(public_key);
  KeyPair pair;
  pair.public_pem = public_pem(key.get());
  pair.private_pem = private_pem(key.get());
  pair.public_ssh = "ssh-ed25519 " + base64(blob);
  pair.private_ssh = openssh_private(blob, seed, public_key, check_bytes);
  if (pair.public_pem.empty() || pair.private_pem.empty()) return crypto_failed();
  return pair;
}

Result<KeyPair> generate_rsa(int bits) {
  const Key key(EVP_RSA_gen(static_cast<unsigned int>(bits)));
  if (!key) return crypto_failed();
  const Number modulus = parameter(key.get(), OSSL_PKEY_PARAM_RSA_N);
  const Number exponent = parameter(key.get(), OSSL_PKEY_PARAM_RSA_E);
  if (!modulus || !exponent) return crypto_failed();
  KeyPair pair;
  pair.public_pem = public_pem(key.get());
  pair.private_pem = private_pem(key.get());
  pair.public_ssh = "ssh-rsa " + base64(ssh_string("ssh-rsa") + ssh_mpint(exponent.get()) +
                                        ssh_mpint(modulus.get()));
  if (pair.public_pem.empty() || pair.private_pem.empty()) return crypto_failed();
  return pair;
}

}  // namespace croft::spec
