// For the abuse cases that need no engine: the whole API of croftd over HTTP with a victim and an
// attacker. The project "shop" (services api and db) belongs to ann, an owner; mallory is a member
// with the project "den" (service pit) of her own. After each case: every refusal that the attacker
// got was counted, once, in croft_api_requests_total or croft_api_malformed_requests_total.
#pragma once

#include <gmock/gmock.h>

#include "base/fd.h"
#include "daemon/real_api_test.h"
#include "model/audit.h"

namespace croft {

struct Reply {
  int status = 0;  // 0: the connection was closed without an answer
  std::string head;
  std::string body;
};
std::ostream& operator<<(std::ostream& out, const Reply& reply);

// A server on 127.0.0.1 that nobody may connect to: what croft does not fetch, it never sees.
class Trap {
 public:
  Trap();
  Trap(const Trap&) = delete;
  ~Trap();
  std::string port() const { return std::to_string(port_); }
  // Connections since the last call.
  int visits() const;

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

// `part` of the contract itself, or what its "$ref" leads to: "#/components/KIND/NAME".
const boost::json::object& resolved(const boost::json::object& contract,
                                    const boost::json::object& part, const char* kind);
// A value that has the form which the schema asks for.
boost::json::value sample(const boost::json::object& contract, const boost::json::object& schema);

class Abuse : public RealApi {
 protected:
  Abuse();
  void TearDown() override;

  // One request over a connection of its own; `target` below /api/v1, as it goes over the wire.
  Reply ask(const std::string& method, const std::string& target, const std::string& token,
            const std::string& body = "", const std::string& more_headers = "");
  // A connection on which reading gives up after 20 s.
  Fd connect_to_server() const;
  // These bytes, and all that comes back until the server closes.
  std::string raw(const std::string& bytes);
  // Notes an answer that came another way than by raw().
  void note_answer(const std::string& answer);
  // Answer of a request as the attacker with a JSON body.
  Reply attack(const std::string& method, const std::string& target, const std::string& body = "") {
    return ask(method, target, mallory_, body);
  }
  ApiFigures figures();
  // Audit entries of refusals, oldest first.
  std::vector<AuditEntry> refusals();
  std::vector<AuditEntry> audit();
  // Everything of the victim that a request could change, as text.
  std::string victim();
  // Files below the state of the server, and beside it.
  std::vector<std::string> files();
  // The id of a new version of SERVICE in PROJECT, which waits for its source.
  std::string new_version(const std::string& token, const std::string& service_path);
  // A token of that user with that scope, limited to a project unless `project` is empty.
  std::string token_of(const std::string& maker, const std::string& scope,
                       const std::string& project = "");

  std::string mallory_;
  boost::json::object contract_;  // api/openapi.json

 private:
  std::int64_t counted_refusals();

  std::int64_t refusals_seen_ = 0;
  std::int64_t counted_before_ = 0;
};

}  // namespace croft
