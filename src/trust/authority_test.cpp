#include "trust/authority.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "base/fd.h"
#include "base/openssl.h"
#include "trust/certificate_request.h"

namespace croft {
namespace {

using namespace openssl;

constexpr Timestamp kNow{1'790'000'000'000};
constexpr const char* kNode = "nnnnnnnnnnnnnnnnnnnnnn";

Authority make_authority() {
  auto made = Authority::create("croft-ab12cd", kNow);
  EXPECT_TRUE(made) << made.error().describe();
  return std::move(*made);
}

std::string sign(const Authority& authority, CertificateRole role,
                 const std::string& name = kNode) {
  const auto request = make_certificate_request();
  EXPECT_TRUE(request);
  auto signed_one = authority.sign(request->pem, role, name, kNow);
  EXPECT_TRUE(signed_one) << signed_one.error().describe();
  return signed_one.value_or("");
}

Certificate read(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
}

// As an end of a TLS connection looks at the other's certificate; X509_V_OK or the reason.
int verify(const std::string& authority, const std::string& certificate, const char* purpose,
           Timestamp at) {
  const Certificate root = read(authority);
  const Certificate leaf = read(certificate);
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_add_cert(store, root.get());
  X509_STORE_CTX* const context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
  X509_STORE_CTX_set_default(context, purpose);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context),
                             static_cast<std::time_t>(at.ms / 1000));
  X509_verify_cert(context);
  const int reason = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return reason;
}

TEST(Authority, EachRoleIsGoodForItsOwnEndOnly) {
  const Authority authority = make_authority();
  const std::string node = sign(authority, CertificateRole::kNode);
  const std::string control = sign(authority, CertificateRole::kControl, kControlName);
  EXPECT_EQ(verify(authority.certificate(), node, "ssl_client", kNow), X509_V_OK);
  EXPECT_EQ(verify(authority.certificate(), control, "ssl_server", kNow), X509_V_OK);
  EXPECT_EQ(verify(authority.certificate(), node, "ssl_server", kNow), X509_V_ERR_INVALID_PURPOSE);
  EXPECT_EQ(verify(authority.certificate(), control, "ssl_client", kNow),
            X509_V_ERR_INVALID_PURPOSE);
}

TEST(Authority, AnotherOneIsNotBelieved) {
  const Authority mine = make_authority();
  const Authority other = make_authority();  // of the same name
  EXPECT_NE(verify(other.certificate(), sign(mine, CertificateRole::kNode), "ssl_client", kNow),
            X509_V_OK);
  EXPECT_NE(mine.fingerprint(), other.fingerprint());
}

TEST(Authority, CertificatesEnd) {
  const Authority authority = make_authority();
  const std::string node = sign(authority, CertificateRole::kNode);
  const auto ends = certificate_end(node);
  ASSERT_TRUE(ends);
  EXPECT_EQ(*ends, kNow + kNodeValidity);
  const std::string& root = authority.certificate();
  EXPECT_EQ(verify(root, node, "ssl_client", *ends + Millis(2000)), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(verify(root, node, "ssl_client", kNow + -kClockTolerance + Millis(1000)), X509_V_OK);
  EXPECT_EQ(verify(root, node, "ssl_client", kNow + -kClockTolerance + Millis(-2000)),
            X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(certificate_end(root).value_or(Timestamp{}), kNow + kAuthorityValidity);
  EXPECT_FALSE(certificate_end("-----BEGIN CERTIFICATE-----\n"));
}

TEST(Authority, ANodeCannotSignForOthers) {
  const Authority authority = make_authority();
  const auto request = make_certificate_request();
  ASSERT_TRUE(request);
  const auto certificate = authority.sign(request->pem, CertificateRole::kNode, kNode, kNow);
  ASSERT_TRUE(certificate);
  const auto node = Authority::load(*certificate, request->key);
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code(), ErrorCode::kInvalid);
}

TEST(Authority, ComesBackFromWhatIsKept) {
  const Authority authority = make_authority();
  const auto again = Authority::load(authority.certificate(), authority.key());
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(again->fingerprint(), authority.fingerprint());
  EXPECT_EQ(
      verify(authority.certificate(), sign(*again, CertificateRole::kNode), "ssl_client", kNow),
      X509_V_OK);
  const Authority other = make_authority();
  EXPECT_FALSE(Authority::load(authority.certificate(), other.key()));
  EXPECT_FALSE(Authority::load("", Secret()));
}

TEST(Authority, TheRequestSaysNothingButTheKey) {
  // A request that asks for another name and to be an authority.
  const Key key(EVP_EC_gen("P-256"));
  const Request request(X509_REQ_new());
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("croftd"), -1, -1, 0);
  STACK_OF(X509_EXTENSION)* const wishes = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(
      wishes, X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"));
  X509_REQ_add_extensions(request.get(), wishes);
  sk_X509_EXTENSION_pop_free(wishes, X509_EXTENSION_free);
  X509_REQ_set_pubkey(request.get(), key.get());
  X509_REQ_sign(request.get(), key.get(), EVP_sha256());
  const std::string pem =
      pem_of([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });

  const auto signed_one = make_authority().sign(pem, CertificateRole::kNode, kNode, kNow);
  ASSERT_TRUE(signed_one) << signed_one.error().describe();
  const Certificate certificate = read(*signed_one);
  char name[100] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  EXPECT_STREQ(name, kNode);
  EXPECT_EQ(X509_check_ca(certificate.get()), 0);
}

TEST(Authority, RefusesRequestsThatProveNothing) {
  const Authority authority = make_authority();
  const auto refused = [&](const std::string& pem) {
    const auto signed_one = authority.sign(pem, CertificateRole::kNode, kNode, kNow);
    return signed_one ? "signed" : signed_one.error().message();
  };
  EXPECT_NE(refused("").find("cannot be read"), std::string::npos) << refused("");
  EXPECT_NE(refused(std::string(5000, 'x')).find("too large"), std::string::npos);

  // Signed by another key than the one it carries.
  const Key key(EVP_EC_gen("P-256"));
  const Key other(EVP_EC_gen("P-256"));
  const Request forged(X509_REQ_new());
  X509_REQ_set_pubkey(forged.get(), key.get());
  X509_REQ_sign(forged.get(), other.get(), EVP_sha256());
  const std::string forged_pem =
      pem_of([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, forged.get()); });
  EXPECT_NE(refused(forged_pem).find("does not prove"), std::string::npos) << refused(forged_pem);

  const Key weak(EVP_EC_gen("P-224"));
  const Request small(X509_REQ_new());
  X509_REQ_set_pubkey(small.get(), weak.get());
  X509_REQ_sign(small.get(), weak.get(), EVP_sha256());
  const std::string small_pem =
      pem_of([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, small.get()); });
  EXPECT_NE(refused(small_pem).find("not a P-256 key"), std::string::npos) << refused(small_pem);
}

// Puts a pipe in place of standard input, with a line in it.
class TypedLine {
 public:
  TypedLine() : saved_(::dup(STDIN_FILENO)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const Fd read(ends[0]);
    const Fd write(ends[1]);
    EXPECT_EQ(::dup2(read.get(), STDIN_FILENO), STDIN_FILENO);
    EXPECT_EQ(::write(write.get(), "word\n", 5), 5);
  }
  ~TypedLine() { ::dup2(saved_.get(), STDIN_FILENO); }
  TypedLine(const TypedLine&) = delete;

  int waiting_bytes() const {
    int bytes = 0;
    EXPECT_EQ(::ioctl(STDIN_FILENO, FIONREAD, &bytes), 0);
    return bytes;
  }

 private:
  Fd saved_;
};

TEST(Authority, WhatIsEncryptedIsRefusedAndNobodyIsAskedForAPassword) {
  auto request = make_certificate_request();
  ASSERT_TRUE(request);
  const std::string head = "REQUEST-----\n";
  request->pem.replace(
      request->pem.find(head), head.size(),
      head + "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC," + std::string(32, '0') + "\n\n");
  const TypedLine typed;
  const auto answer = make_authority().sign(request->pem, CertificateRole::kNode, kNode, kNow);
  EXPECT_FALSE(answer);
  EXPECT_EQ(typed.waiting_bytes(), 5) << "OpenSSL read a password from the terminal";
}

TEST(Authority, FingerprintIsThatOfTheCertificate) {
  const Authority authority = make_authority();
  unsigned char* der = nullptr;
  const int size = i2d_X509(read(authority.certificate()).get(), &der);
  unsigned char digest[32] = {};
  ASSERT_EQ(EVP_Q_digest(nullptr, "SHA256", nullptr, der, static_cast<std::size_t>(size), digest,
                         nullptr),
            1);
  OPENSSL_free(der);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  EXPECT_EQ(authority.fingerprint(), hex);
}

}  // namespace
}  // namespace croft
