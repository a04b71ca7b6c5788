// The certificate authority of an installation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace croft {

// The name that croftd's certificates are for, at whatever address it answers.
inline constexpr const char* kControlName = "croftd.croft.internal";

inline constexpr Millis kAuthorityValidity{std::chrono::hours(24 * 3650)};
// croftd takes a new one at each start.
inline constexpr Millis kControlValidity{std::chrono::hours(24 * 730)};
inline constexpr Millis kNodeValidity{std::chrono::hours(24 * 90)};
// Machines' clocks differ: a certificate is valid from so long before it was signed.
inline constexpr Millis kClockTolerance{std::chrono::hours(24)};

// Whom a certificate is for. Each is good for its own end of a connection only: a node cannot pass
// for croftd.
enum class CertificateRole : std::uint8_t {
  kControl,  // TLS server
  kNode,     // TLS client; its common name is the node's id
};

class Authority {
 public:
  // A new one, which signs for `name` (shown in certificates; 1 to 40 characters).
  static Result<Authority> create(const std::string& name, Timestamp now);
  // kInvalid: not a certificate and its key, or not of an authority.
  static Result<Authority> load(std::string certificate, Secret key);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  const std::string& certificate() const { return certificate_; }  // PEM
  const Secret& key() const { return key_; }                       // PKCS #8, PEM
  // SHA-256 of the certificate, 64 lower-case hex digits: what a join token carries.
  std::string fingerprint() const;

  // A certificate (PEM) for whoever has the key of `request` (PKCS #10, PEM). Of the request only
  // the key is taken. `name`: the common name, 1 to 64 characters of [A-Za-z0-9._-]; with kControl
  // also a DNS name. kInvalid: it cannot be read, does not prove its key, or has no P-256 key.
  Result<std::string> sign(const std::string& request, CertificateRole role,
                           const std::string& name, Timestamp now) const;

 private:
  struct Parts;
  Authority(std::string certificate, Secret key, std::unique_ptr<Parts> parts);

  std::string certificate_;
  Secret key_;
  std::unique_ptr<Parts> parts_;
};

// When a certificate (PEM) ends. kInvalid: not a certificate.
Result<Timestamp> certificate_end(const std::string& certificate);

}  // namespace croft
