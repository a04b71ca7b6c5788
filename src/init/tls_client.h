// TLS for https probes: the peer is not verified, it is this container itself. mbed TLS, because a
// static OpenSSL would be larger than all the rest.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace croft::init {

class TlsClient {
 public:
  enum class Step : unsigned char { kDone, kWantRead, kWantWrite, kFailed };

  // On a connected non-blocking socket, which stays the caller's. `host` is named to the server.
  TlsClient(int fd, const std::string& host);
  ~TlsClient();

  Step handshake();
  // The whole of a short text.
  Step write(std::string_view text);
  // Appends what there is; kDone without anything appended: the peer closed.
  Step read(std::string& into);
  std::string problem() const;  // after kFailed

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace croft::init
