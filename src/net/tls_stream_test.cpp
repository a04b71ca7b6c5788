// The TLS client against a server with a certificate made here.
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "base/openssl.h"
#include "net/http_client.h"
#include "task/group.h"

namespace croft {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

using openssl::Certificate;
using openssl::Key;

struct Identity {
  Key key;
  Certificate certificate;
};

// A self-signed certificate for `host`, valid for an hour.
Identity make_identity(const std::string& host) {
  Identity identity{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* const x509 = identity.certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, identity.key.get());
  X509_NAME* const name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("croft test"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  const std::string names = "DNS:" + host;
  const openssl::Extension extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  X509_add_ext(x509, extension.get(), -1);
  X509_sign(x509, identity.key.get(), EVP_sha256());
  return identity;
}

std::string to_pem(X509* certificate) {
  return openssl::pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : acceptor_(runtime_.io(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-tls-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  // Serves one connection with a certificate for `certified`, while a client that trusts it (or
  // not) asks for "localhost".
  Result<HttpResponse> ask(const std::string& certified, bool trusted) {
    const Identity identity = make_identity(certified);
    const std::string ca_file = (directory_ / "ca.pem").string();
    EXPECT_TRUE(write_file_atomically(ca_file, to_pem(identity.certificate.get())));
    HttpEndpoint endpoint;
    endpoint.host = "localhost";
    endpoint.port = acceptor_.local_endpoint().port();
    endpoint.tls = true;
    if (trusted) endpoint.ca_file = ca_file;
    ssl::context context(ssl::context::tls_server);
    SSL_CTX_use_certificate(context.native_handle(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), identity.key.get());
    Result<HttpResponse> response;
    runtime_.run_until_done(exchange(context, endpoint, response));
    return response;
  }

 private:
  Task<void> exchange(ssl::context& context, const HttpEndpoint& endpoint,
                      Result<HttpResponse>& response) {
    Group group(runtime_);
    group.spawn("tls server", serve(context));
    HttpClient client(runtime_, endpoint);
    HttpRequest request;
    request.limit = Millis(5000);
    response = co_await client.send(request);
    co_await group.join();
  }

  Task<void> serve(ssl::context& context) {
    auto [accept_error, socket] =
        co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (accept_error) co_return;
    ssl::stream<tcp::socket> stream(std::move(socket), context);
    const auto [handshake_error] = co_await stream.async_handshake(
        ssl::stream_base::server, asio::as_tuple(asio::use_awaitable));
    if (handshake_error) co_return;
    char bytes[4096];
    const auto [read_error, count] =
        co_await stream.async_read_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    if (read_error || count == 0) co_return;
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    co_await asio::async_write(stream, asio::buffer(answer), asio::as_tuple(asio::use_awaitable));
  }

  Runtime runtime_;
  tcp::acceptor acceptor_;
  std::filesystem::path directory_;
};

TEST_F(TlsTest, TrustsTheGivenCertificateOnly) {
  const auto response = ask("localhost", true);
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->body, "secret");
  const auto untrusted = ask("localhost", false);
  ASSERT_FALSE(untrusted);
  EXPECT_EQ(untrusted.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(untrusted.error().message().find("certificate"), std::string::npos)
      << untrusted.error().message();
}

TEST_F(TlsTest, ChecksTheName) {
  const auto response = ask("other.test", true);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace croft
