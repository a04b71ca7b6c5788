// What a machine makes by itself to become known: a key pair, and a request for a certificate.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace croft {

struct CertificateRequest {
  std::string pem;  // PKCS #10 with the public key and the proof that its maker has the private one
  Secret key;       // PKCS #8, PEM; stays on the machine
};

// A new P-256 key at each call. kFailed: the crypto library failed.
Result<CertificateRequest> make_certificate_request();

}  // namespace croft
