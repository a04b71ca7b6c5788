// Asks the host's resolvers what the project does not know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "core/dns_message.h"
#include "task/task.h"

namespace croft {

struct Resolver {
  std::string address;
  std::uint16_t port = 53;
};

// A random id and a random port per attempt, 2 s each, two attempts, each at the next resolver. No
// cache: the host's resolvers have one.
class DnsForwarder {
 public:
  // Both outlive the forwarder.
  DnsForwarder(Runtime& runtime, Random& random) : runtime_(runtime), random_(random) {}

  void set_resolvers(std::vector<Resolver> resolvers) { resolvers_ = std::move(resolvers); }

  // The answer for the asker, over UDP or TCP as it asked. kTimeout, or kUnavailable when there is
  // no resolver.
  Task<Result<std::string>> ask(dns::Query query, bool tcp);

 private:
  Task<Result<std::string>> ask_udp(dns::Query query, Resolver resolver);
  Task<Result<std::string>> ask_tcp(dns::Query query, Resolver resolver);
  std::uint16_t random_id();

  Runtime& runtime_;
  Random& random_;
  std::vector<Resolver> resolvers_;
  std::size_t next_ = 0;
};

}  // namespace croft
