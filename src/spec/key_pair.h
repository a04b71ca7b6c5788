// Key pairs in PEM and in OpenSSH's formats.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"

namespace croft::spec {

// PEM and private texts are without a trailing line feed. They hold private keys: never log them.
struct KeyPair {
  std::string public_pem;   // PKIX ("BEGIN PUBLIC KEY")
  std::string private_pem;  // PKCS #8 ("BEGIN PRIVATE KEY")
  std::string public_ssh;   // one line of authorized_keys, without a comment
  std::string private_ssh;  // "BEGIN OPENSSH PRIVATE KEY"; only of ED25519
};

Result<KeyPair> generate_ed25519(Random& random);
// 2048 or 4096 bits, which takes up to seconds. From OpenSSL's own generator: primes cannot be had
// from the Random port.
Result<KeyPair> generate_rsa(int bits);

}  // namespace croft::spec
