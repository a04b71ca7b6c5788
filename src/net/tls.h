// What one end of a TLS connection proves to be, and whom it believes. Plain values, PEM.
#pragma once

#include <string>

#include "base/secret.h"

namespace croft {

// A certificate, followed by those of who signed it, and its private key.
struct TlsIdentity {
  std::string certificate;
  Secret key;
};

// A server's side. Clients may prove who they are with a certificate of `client_authority`
// (HttpPeer::certificate_name); one of another authority ends the handshake. TLS 1.3 only.
struct TlsServing {
  TlsIdentity identity;
  std::string client_authority;
};

}  // namespace croft
