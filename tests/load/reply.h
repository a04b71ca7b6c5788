// What one attempt sent and what came back, without a judgement; and the judgement.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace croft::load {

// Why something on a connection did not go on. Empty kind: nothing is wrong.
struct Fault {
  std::string kind;    // refused, unreachable, reset, closed, timeout, tls, alpn, protocol, …
  std::string detail;  // for people
  explicit operator bool() const { return !kind.empty(); }
};

// Bytes of a body: the first of them for comparing, a SHA-256 of all.
class Body {
 public:
  static constexpr std::size_t kKeptBytes = 1u << 20;
  Body();
  Body(Body&&) noexcept;
  Body& operator=(Body&&) noexcept;
  ~Body();

  void append(std::string_view data);
  std::uint64_t bytes() const { return bytes_; }
  const std::string& kept() const { return kept_; }
  // Lower-case hexadecimal. Call once, at the end.
  std::string sha256();

 private:
  struct Hash;
  std::unique_ptr<Hash> hash_;
  std::string kept_;
  std::uint64_t bytes_ = 0;
};

struct Request {
  std::string method;
  std::string body;
};

struct Reply {
  bool sent = false;      // at least a part of the request left this process
  bool refused = false;   // the peer said that it did not process it (HTTP/2 only)
  bool complete = false;  // the whole answer is here
  bool reusable = false;  // the connection may carry another request
  Fault fault;            // why it is not complete
  int status = 0;         // 0: no head came
  std::string version;
  std::string instance;
  std::string checksum;  // header x-checksum
  Body body;
};

enum class Outcome {
  kOk,
  kFailed,   // certainly without the effect asked for, or answered wrongly
  kUnknown,  // sent, and no whole answer came: it may have been executed
};

struct Verdict {
  Outcome outcome = Outcome::kOk;
  std::string kind;    // empty when ok
  std::string detail;  // for people
};

// The rules, in one place. An answer of 400 and above, a wrong echo and a wrong checksum are
// failures; what was sent and not wholly answered is unknown, unless the peer refused it.
Verdict judge(const Request& request, Reply& reply);

}  // namespace croft::load
