#include "trust/authority.h"

#include <fmt/format.h>
#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/check.h"
#include "base/openssl.h"

namespace croft {

using namespace openssl;

namespace {

// A request of a P-256 key has about 400 bytes; nothing larger is even parsed.
constexpr std::size_t kMaxRequestBytes = 4096;
constexpr std::size_t kMaxNameBytes = 64;  // ub-common-name of X.520
constexpr int kSerialBits = 127;           // positive, at most 20 bytes (RFC 5280, 4.1.2.2)
constexpr long kVersion3 = 2;

struct CertificateText {
  std::string name;
  Timestamp from, to;
  X509* issuer = nullptr;  // null: itself
};

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_time(ASN1_TIME* field, Timestamp time) {
  return ASN1_TIME_set(field, static_cast<std::time_t>(time.ms / 1000)) != nullptr;
}

bool set_random_serial(X509* certificate) {
  const Number number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509_NAME* name, const std::string& common_name) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

// Everything but extensions and signature. Null when the crypto library fails.
Certificate begin_certificate(const CertificateText& text, EVP_PKEY* key) {
  Certificate made(X509_new());
  if (!made || X509_set_version(made.get(), kVersion3) != 1 || !set_random_serial(made.get()) ||
      !set_name(X509_get_subject_name(made.get()), text.name) ||
      X509_set_issuer_name(made.get(),
                           X509_get_subject_name(text.issuer ? text.issuer : made.get())) != 1 ||
      !set_time(X509_getm_notBefore(made.get()), text.from) ||
      !set_time(X509_getm_notAfter(made.get()), text.to) || X509_set_pubkey(made.get(), key) != 1) {
    return nullptr;
  }
  return made;
}

std::string to_pem(X509* certificate) {
  return pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

Certificate read_certificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, no_password, nullptr));
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 32> group{};
  std::size_t size = 0;
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == SN_X9_62_prime256v1;
}

bool is_certificate_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

tl::unexpected<Error> bad_request(std::string_view name, std::string_view why) {
  return fail(ErrorCode::kInvalid,
              fmt::format("certificate for {}: {}; let the machine make a new request", name, why));
}

}  // namespace

struct Authority::Parts {
  Certificate certificate;
  Key key;
};

Authority::Authority(std::string certificate, Secret key, std::unique_ptr<Parts> parts)
    : certificate_(std::move(certificate)), key_(std::move(key)), parts_(std::move(parts)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::create(const std::string& name, Timestamp now) {
  const std::string what = fmt::format("make the certificate authority {}", name);
  check(is_certificate_name(name) && name.size() <= 40, "a certificate authority needs a name");
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return failed(what);
  const Certificate made = begin_certificate(
      {.name = name, .from = now + -kClockTolerance, .to = now + kAuthorityValidity}, key.get());
  X509* const x509 = made.get();
  // Whom it signs for cannot sign further.
  if (x509 == nullptr ||
      !add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(x509, x509, NID_key_usage, "critical,keyCertSign") ||
      !add_extension(x509, x509, NID_subject_key_identifier, "hash") ||
      X509_sign(x509, key.get(), EVP_sha256()) == 0) {
    return failed(what);
  }
  Secret pem(pem_of([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }));
  return load(to_pem(x509), std::move(pem));
}

Result<Authority> Authority::load(std::string certificate, Secret key) {
  auto parts = std::make_unique<Parts>();
  parts->certificate = read_certificate(certificate);
  parts->key.reset(
      PEM_read_bio_PrivateKey(reader(key.reveal()).get(), nullptr, no_password, nullptr));
  X509* const x509 = parts->certificate.get();
  if (x509 == nullptr || !parts->key || X509_check_private_key(x509, parts->key.get()) != 1 ||
      X509_check_ca(x509) != 1) {
    return fail(
        ErrorCode::kInvalid,
        "the certificate authority of this installation is damaged: its certificate and key "
        "do not belong together; restore a backup of the state");
  }
  return Authority(std::move(certificate), std::move(key), std::move(parts));
}

std::string Authority::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  check(X509_digest(parts_->certificate.get(), EVP_sha256(), digest.data(), &size) == 1,
        "a certificate has a digest");
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

Result<std::string> Authority::sign(const std::string& request, CertificateRole role,
                                    const std::string& name, Timestamp now) const {
  check(is_certificate_name(name), "a certificate is for a name");
  if (request.size() > kMaxRequestBytes) return bad_request(name, "the request is too large");
  const Request read(PEM_read_bio_X509_REQ(reader(request).get(), nullptr, no_password, nullptr));
  if (!read) return bad_request(name, "the request cannot be read");
  EVP_PKEY* const key = X509_REQ_get0_pubkey(read.get());
  if (!is_p256(key)) return bad_request(name, "the key is not a P-256 key");
  if (X509_REQ_verify(read.get(), key) != 1) {
    return bad_request(name, "the request does not prove that its maker has the key");
  }
  const bool control = role == CertificateRole::kControl;
  const Timestamp end = now + (control ? kControlValidity : kNodeValidity);
  X509* const issuer = parts_->certificate.get();
  const Certificate made = begin_certificate(
      {.name = name, .from = now + -kClockTolerance, .to = end, .issuer = issuer}, key);
  X509* const x509 = made.get();
  if (x509 == nullptr || !add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(x509, issuer, NID_ext_key_usage, control ? "serverAuth" : "clientAuth") ||
      (control && !add_extension(x509, issuer, NID_subject_alt_name, "DNS:" + name)) ||
      X509_sign(x509, parts_->key.get(), EVP_sha256()) == 0) {
    return failed(fmt::format("sign the certificate for {}", name));
  }
  return to_pem(x509);
}

Result<Timestamp> certificate_end(const std::string& certificate) {
  const Certificate read = read_certificate(certificate);
  std::tm end{};
  if (!read || ASN1_TIME_to_tm(X509_get0_notAfter(read.get()), &end) != 1) {
    return fail(ErrorCode::kInvalid, "this is not a certificate");
  }
  return Timestamp{static_cast<std::int64_t>(::timegm(&end)) * 1000};
}

}  // namespace croft
