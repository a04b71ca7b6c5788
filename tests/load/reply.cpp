#include "reply.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

namespace croft::load {

struct Body::Hash {
  Hash() : context(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
  Hash(const Hash&) = delete;
  ~Hash() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context;
};

Body::Body() : hash_(std::make_unique<Hash>()) {}
Body::Body(Body&&) noexcept = default;
Body& Body::operator=(Body&&) noexcept = default;
Body::~Body() = default;

void Body::append(std::string_view data) {
  EVP_DigestUpdate(hash_->context, data.data(), data.size());
  bytes_ += data.size();
  if (kept_.size() < kKeptBytes) {
    kept_.append(data.substr(0, std::min(data.size(), kKeptBytes - kept_.size())));
  }
}

std::string Body::sha256() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(hash_->context, digest, &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

Verdict judge(const Request& request, Reply& reply) {
  if (!reply.complete) {
    std::string detail = reply.fault.detail;
    if (reply.status != 0) {
      detail += fmt::format(" (after status {} and {} bytes)", reply.status, reply.body.bytes());
    }
    if (!reply.sent || reply.refused) {
      return {Outcome::kFailed, reply.fault.kind, std::move(detail)};
    }
    const std::string kind = reply.status != 0 ? "truncated_" + reply.fault.kind : reply.fault.kind;
    return {Outcome::kUnknown, kind, std::move(detail)};
  }
  if (reply.status < 200 || reply.status >= 400) {
    return {Outcome::kFailed, fmt::format("status_{}", reply.status),
            reply.body.kept().substr(0, 200)};
  }
  if (request.method == "POST" && reply.body.kept() != request.body) {
    return {Outcome::kFailed, "wrong_echo",
            fmt::format("sent {} bytes, got {}: {}", request.body.size(), reply.body.bytes(),
                        reply.body.kept().substr(0, 100))};
  }
  if (!reply.checksum.empty()) {
    const std::string sum = reply.body.sha256();
    if (sum != reply.checksum) {
      return {Outcome::kFailed, "wrong_checksum",
              fmt::format("{} bytes have {}, announced was {}", reply.body.bytes(), sum,
                          reply.checksum)};
    }
  }
  return {};
}

}  // namespace croft::load
