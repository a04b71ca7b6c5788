#include "base/openssl.h"
#include "fuzz.h"
#include "trust/authority.h"
#include "trust/certificate_request.h"

using namespace croft;

namespace {

constexpr Timestamp kNow{1'790'000'000'000};
constexpr const char* kNode = "nnnnnnnnnnnnnnnnnnnnnn";

const Authority& authority() {
  static const auto made = Authority::create("croft-ab12cd", kNow);
  check(made.has_value(), "an authority is made");
  return *made;
}

// Bytes of DER as the PEM that carries them, so that what is changed is what OpenSSL reads.
std::string as_pem(const char* what, std::string_view der) {
  return openssl::pem_of([&](BIO* bio) {
    return PEM_write_bio(bio, what, "", reinterpret_cast<const unsigned char*>(der.data()),
                         static_cast<long>(der.size())) > 0
               ? 1
               : 0;
  });
}

void read_request(const std::string& pem) {
  const auto certificate = authority().sign(pem, CertificateRole::kNode, kNode, kNow);
  if (!certificate) return fuzz::expect_told(certificate.error());
  const auto end = certificate_end(*certificate);
  check(end && *end == kNow + kNodeValidity, "a request does not choose how long it is good");
}

void read_certificate(const std::string& pem) {
  const auto end = certificate_end(pem);
  if (!end) return fuzz::expect_told(end.error());
}

}  // namespace

// First byte: bit 0 a certificate, else what a machine sends to become a node; bit 1 the rest is
// DER, else PEM.
FUZZ_TARGET(certificates) {
  fuzz::Choices choices(input);
  const unsigned how = choices.byte();
  const bool certificate = (how & 1u) != 0;
  const std::string pem =
      (how & 2u) != 0 ? as_pem(certificate ? "CERTIFICATE" : "CERTIFICATE REQUEST", choices.rest())
                      : std::string(choices.rest());
  certificate ? read_certificate(pem) : read_request(pem);
}
