// TLS of the server and of the client, with certificates of an own authority (trust/authority.h).
#include "net/http_test_fixture.h"
#include "trust/authority.h"
#include "trust/certificate_request.h"

namespace croft {
namespace {

constexpr const char* kNode = "nnnnnnnnnnnnnnnnnnnnnn";

std::shared_ptr<const TlsIdentity> identity(const Authority& authority, CertificateRole role,
                                            const std::string& name, Timestamp now) {
  const auto request = make_certificate_request();
  EXPECT_TRUE(request);
  const auto certificate = authority.sign(request->pem, role, name, now);
  EXPECT_TRUE(certificate);
  return std::make_shared<TlsIdentity>(*certificate + authority.certificate(), request->key);
}

// Answers with the name that the client has proved to have.
class NameHandler final : public HttpHandler {
 public:
  Task<void> handle(HttpExchange& exchange) override {
    ++requests;
    co_await exchange.respond(200, {}, "you are " + exchange.peer().certificate_name);
  }
  int requests = 0;
};

class TlsServerTest : public HttpServerTest {
 protected:
  TlsServerTest() {
    server.emplace(runtime, names, HttpServerOptions{});
    endpoint.host = "127.0.0.1";
    const auto own = identity(authority_, CertificateRole::kControl, kControlName, system_now());
    const auto port = server->listen_tls(
        "127.0.0.1", 0, {.identity = *own, .client_authority = authority_.certificate()});
    EXPECT_TRUE(port) << port.error().describe();
    endpoint.port = port.value_or(0);
    endpoint.tls = true;
    endpoint.tls_name = kControlName;
    endpoint.authority_sha256 = authority_.fingerprint();
  }

  static Authority make_authority() {
    return std::move(*Authority::create("croft-ab12cd", system_now()));
  }

  // The body of an answer, or the code of the error.
  std::string ask() {
    std::string said;
    run(ask_once(said));
    return said;
  }

  Task<void> ask_beside_a_silent_one() {
    auto silent = co_await connect_tcp(runtime, endpoint.host, endpoint.port, kLimit);
    EXPECT_TRUE(silent);
    std::string said;
    co_await ask_once(said);
    EXPECT_EQ(said, "you are ");
  }

  NameHandler names;
  Authority authority_ = make_authority();

 private:
  Task<void> ask_once(std::string& said) {
    HttpClient client(runtime, endpoint);
    const HttpRequest request = get("/x");
    auto response = co_await client.send(request);
    said = response ? response->body : std::string(to_string(response.error().code()));
  }
};

TEST_F(TlsServerTest, KnowsWhoHasACertificate) {
  endpoint.identity = identity(authority_, CertificateRole::kNode, kNode, system_now());
  EXPECT_EQ(ask(), std::string("you are ") + kNode);
}

TEST_F(TlsServerTest, OthersAreNobody) {
  EXPECT_EQ(ask(), "you are ");
}

TEST_F(TlsServerTest, ACertificateOfAnotherAuthorityIsRefused) {
  const Authority other = make_authority();
  endpoint.identity = identity(other, CertificateRole::kNode, kNode, system_now());
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(names.requests, 0);
}

TEST_F(TlsServerTest, AnExpiredCertificateIsRefused) {
  const Timestamp before = system_now() + -(kNodeValidity + Millis(60'000));
  endpoint.identity = identity(authority_, CertificateRole::kNode, kNode, before);
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(names.requests, 0);
}

TEST_F(TlsServerTest, AServersCertificateIsNoClients) {
  endpoint.identity = identity(authority_, CertificateRole::kControl, kControlName, system_now());
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(names.requests, 0);
}

TEST_F(TlsServerTest, TheClientBelievesOneAuthorityOnly) {
  endpoint.authority_sha256 = make_authority().fingerprint();
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(names.requests, 0);
}

// Everybody has the authority's certificate: to send it along proves nothing.
TEST_F(TlsServerTest, TheRightAuthorityBesideAForeignCertificate) {
  const Authority other = make_authority();
  auto forged = *identity(other, CertificateRole::kControl, kControlName, system_now());
  const std::size_t second = forged.certificate.find("-----BEGIN", 1);
  forged.certificate.replace(second, std::string::npos, authority_.certificate());
  const auto port = server->listen_tls(
      "127.0.0.1", 0, {.identity = forged, .client_authority = authority_.certificate()});
  ASSERT_TRUE(port);
  endpoint.port = *port;
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(names.requests, 0);
}

TEST_F(TlsServerTest, TheClientChecksTheName) {
  endpoint.tls_name = "other.croft.internal";
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(names.requests, 0);
}

// A node that shows its own certificate and pretends to be croftd.
TEST_F(TlsServerTest, ANodeDoesNotPassForTheControlPlane) {
  const auto node = identity(authority_, CertificateRole::kNode, kControlName, system_now());
  const auto port = server->listen_tls(
      "127.0.0.1", 0, {.identity = *node, .client_authority = authority_.certificate()});
  ASSERT_TRUE(port);
  endpoint.port = *port;
  EXPECT_EQ(ask(), to_string(ErrorCode::kUnavailable));
}

TEST_F(TlsServerTest, PlainRequestsAreNotAnswered) {
  endpoint.tls = false;
  EXPECT_NE(ask(), "you are ");
  EXPECT_EQ(names.requests, 0);
}

// It never begins the handshake.
TEST_F(TlsServerTest, ASilentClientKeepsNobodyOut) {
  run(ask_beside_a_silent_one());
  EXPECT_EQ(names.requests, 1);
}

TEST_F(TlsServerTest, AnIdentityThatCannotBeUsed) {
  const auto port = server->listen_tls("127.0.0.1", 0, {.identity = {"", Secret("x")}});
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace croft
