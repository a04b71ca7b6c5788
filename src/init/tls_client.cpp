#include "init/tls_client.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace croft::init {

struct TlsClient::State {
  int fd = -1;
  int code = 0;  // of the last call
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_ssl_config config;
  mbedtls_ssl_context ssl;
};

namespace {

int send_bytes(void* context, const unsigned char* data, std::size_t size) {
  const ssize_t sent = ::send(*static_cast<int*>(context), data, size, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE
                                           : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

int receive_bytes(void* context, unsigned char* data, std::size_t size) {
  const ssize_t got = ::recv(*static_cast<int*>(context), data, size, 0);
  if (got >= 0) return static_cast<int>(got);
  return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ
                                           : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

TlsClient::Step step_of(int code) {
  if (code == MBEDTLS_ERR_SSL_WANT_READ) return TlsClient::Step::kWantRead;
  if (code == MBEDTLS_ERR_SSL_WANT_WRITE) return TlsClient::Step::kWantWrite;
  return code < 0 ? TlsClient::Step::kFailed : TlsClient::Step::kDone;
}

}  // namespace

TlsClient::TlsClient(int fd, const std::string& host) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.fd = fd;
  mbedtls_entropy_init(&s.entropy);
  mbedtls_ctr_drbg_init(&s.random);
  mbedtls_ssl_config_init(&s.config);
  mbedtls_ssl_init(&s.ssl);
  s.code = mbedtls_ctr_drbg_seed(&s.random, mbedtls_entropy_func, &s.entropy, nullptr, 0);
  if (s.code == 0) {
    s.code = mbedtls_ssl_config_defaults(&s.config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  }
  mbedtls_ssl_conf_authmode(&s.config, MBEDTLS_SSL_VERIFY_NONE);
  mbedtls_ssl_conf_rng(&s.config, mbedtls_ctr_drbg_random, &s.random);
  if (s.code == 0) s.code = mbedtls_ssl_setup(&s.ssl, &s.config);
  if (s.code == 0) s.code = mbedtls_ssl_set_hostname(&s.ssl, host.c_str());
  mbedtls_ssl_set_bio(&s.ssl, &s.fd, send_bytes, receive_bytes, nullptr);
}

TlsClient::~TlsClient() {
  mbedtls_ssl_free(&state_->ssl);
  mbedtls_ssl_config_free(&state_->config);
  mbedtls_ctr_drbg_free(&state_->random);
  mbedtls_entropy_free(&state_->entropy);
}

TlsClient::Step TlsClient::handshake() {
  if (state_->code < 0 && step_of(state_->code) == Step::kFailed) return Step::kFailed;
  state_->code = mbedtls_ssl_handshake(&state_->ssl);
  return step_of(state_->code);
}

TlsClient::Step TlsClient::write(std::string_view text) {
  state_->code = mbedtls_ssl_write(
      &state_->ssl, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return step_of(state_->code);
}

TlsClient::Step TlsClient::read(std::string& into) {
  // A whole record: what stayed behind in the library would not wake the loop.
  std::array<unsigned char, 16384> buffer;
  state_->code = mbedtls_ssl_read(&state_->ssl, buffer.data(), buffer.size());
  if (state_->code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return Step::kDone;
  if (state_->code > 0) {
    into.append(reinterpret_cast<const char*>(buffer.data()),
                static_cast<std::size_t>(state_->code));
  }
  return step_of(state_->code);
}

std::string TlsClient::problem() const {
  std::array<char, 128> text{};
  mbedtls_strerror(state_->code, text.data(), text.size());
  return text.data();
}

}  // namespace croft::init
