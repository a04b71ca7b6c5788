#include "trust/certificate_request.h"

#include "base/openssl.h"

namespace croft {

using namespace openssl;

Result<CertificateRequest> make_certificate_request() {
  constexpr const char* kWhat = "make a key and a certificate request";
  const Key key(EVP_EC_gen("P-256"));
  const Request request(X509_REQ_new());
  // Without a name: who it is for is said by the one who signs.
  if (!key || !request || X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0) {
    return failed(kWhat);
  }
  CertificateRequest made;
  made.pem = pem_of([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });
  made.key = Secret(pem_of([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }));
  if (made.pem.empty() || made.key.empty()) return failed(kWhat);
  return made;
}

}  // namespace croft
