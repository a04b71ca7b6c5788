#include "abuse_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "api/openapi_text.h"
#include "base/fd.h"
#include "store/audit.h"

namespace croft {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

// `part` itself, or what its "$ref" leads to: "#/components/KIND/NAME".
const boost::json::object& resolved(const boost::json::object& contract,
                                    const boost::json::object& part, const char* kind) {
  const boost::json::value* reference = part.if_contains("$ref");
  if (reference == nullptr) return part;
  const std::string name(reference->as_string());
  return contract.at("components").at(kind).at(name.substr(name.rfind('/') + 1)).as_object();
}

// A value that has the form which the schema asks for.
boost::json::value sample(const boost::json::object& contract,
                          const boost::json::object& unresolved) {
  const boost::json::object& schema = resolved(contract, unresolved, "schemas");
  if (const auto* values = schema.if_contains("enum")) return values->as_array().at(0);
  const boost::json::value& type = schema.at("type");
  const std::string name(type.is_array() ? type.at(0).as_string() : type.as_string());
  if (name == "integer" || name == "number") return 1;
  if (name == "boolean") return false;
  if (name == "array") return boost::json::array{sample(contract, schema.at("items").as_object())};
  if (name != "object") return "abcdefghij";
  // Where not every text will do.
  static const std::map<std::string, std::string> kForms = {
      {"type", "nodejs@22"}, {"config", "croft:\n  - setup: pit\n    run: {start: node .}\n"}};
  boost::json::object object;
  if (const auto* properties = schema.if_contains("properties")) {
    for (const auto& [key, value] : properties->as_object()) {
      const auto form = kForms.find(std::string(key));
      object[key] = form == kForms.end() ? sample(contract, value.as_object())
                                         : boost::json::value(form->second);
    }
  } else {
    object["A"] = "b";
  }
  return object;
}

std::ostream& operator<<(std::ostream& out, const Reply& reply) {
  return out << reply.head << "\n" << reply.body.substr(0, 2000);
}

Trap::Trap() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(socket_, 50) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the trap cannot listen");
  }
  port_ = ntohs(address.sin_port);
}

Trap::~Trap() {
  ::close(socket_);
}

int Trap::visits() const {
  int count = 0;
  for (;;) {
    const Fd visitor(::accept(socket_, nullptr, nullptr));
    if (visitor.get() < 0) return count;
    ++count;
  }
}

Abuse::Abuse() {
  contract_ = parse_json(kOpenApiText)->as_object();
  std::filesystem::create_directories(directory_ / "bundles");
  make_shop();
  mallory_ = made_token("mallory", UserRole::kMember);
  const Reply den = attack("POST", "/projects", R"({"name":"den"})");
  EXPECT_EQ(den.status, 201) << den;
  const Reply pit =
      attack("POST", "/projects/den/services", R"({"hostname":"pit","type":"nodejs@22"})");
  EXPECT_TRUE(pit.status == 201 || pit.status == 202) << pit;
  refusals_seen_ = 0;
  counted_before_ = counted_refusals();
}

void Abuse::TearDown() {
  EXPECT_EQ(counted_refusals() - counted_before_, refusals_seen_)
      << "refusals that the server counted, and those that the attacker saw";
}

ApiFigures Abuse::figures() {
  ApiFigures copy;
  on_server([&] { copy = frame_.figures(); });
  return copy;
}

std::int64_t Abuse::counted_refusals() {
  std::int64_t count = 0;
  on_server([&] { count = server_.refused(); });
  for (const auto& [key, requests] : figures().requests) {
    if (key.second == "4xx") count += requests;
  }
  return count;
}

void Abuse::note_answer(const std::string& answer) {
  constexpr std::string_view kRefused = "HTTP/1.1 4";
  for (auto at = answer.find(kRefused); at != std::string::npos;
       at = answer.find(kRefused, at + kRefused.size())) {
    ++refusals_seen_;
  }
}

Fd Abuse::connect_to_server() const {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const sockaddr_in address = loopback(port_);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
  return socket;
}

std::string Abuse::raw(const std::string& bytes) {
  const Fd socket = connect_to_server();
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;  // refused while it came: the answer is there
    sent += static_cast<std::size_t>(n);
  }
  std::string all;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (n <= 0) break;
    all.append(buffer, static_cast<std::size_t>(n));
  }
  note_answer(all);
  return all;
}

Reply Abuse::ask(const std::string& method, const std::string& target, const std::string& token,
                 const std::string& body, const std::string& more_headers) {
  std::string request = method + " /api/v1" + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
                        "Connection: close\r\n" + more_headers;
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  if (!body.empty() && more_headers.find("Content-Type") == std::string::npos) {
    request += "Content-Type: application/json\r\n";
  }
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  const std::string answer = raw(request);
  Reply reply;
  const std::size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || end == std::string::npos) return reply;
  reply.status = std::stoi(answer.substr(9, 3));
  reply.head = answer.substr(0, end);
  reply.body = answer.substr(end + 4);
  return reply;
}

std::vector<AuditEntry> Abuse::audit() {
  auto entries = change([](Tx& tx) -> Result<std::vector<AuditEntry>> {
    auto page = list_audit(tx, Scope::platform(), {}, {.limit = 200});
    if (!page) return fail(std::move(page).error());
    return std::move(page->items);
  });
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::vector<AuditEntry> Abuse::refusals() {
  std::vector<AuditEntry> found;
  for (AuditEntry& entry : audit()) {
    if (entry.result == AuditResult::kDenied) found.push_back(std::move(entry));
  }
  return found;
}

std::string Abuse::victim() {
  std::string text;
  for (const char* target :
       {"/projects/shop", "/projects/shop/services", "/projects/shop/variables",
        "/projects/shop/services/db/variables", "/projects/shop/services/api/variables",
        "/projects/shop/services/api/versions", "/processes?project=shop"}) {
    text += ask("GET", target, owner_).body + "\n";
  }
  return text;
}

std::vector<std::string> Abuse::files() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
    found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string Abuse::new_version(const std::string& token, const std::string& service_path) {
  const boost::json::object body{
      {"config", "croft:\n  - setup: " + service_path.substr(service_path.rfind('/') + 1) +
                     "\n    run: {start: node .}\n"}};
  const Reply made = ask("POST", service_path + "/versions", token, boost::json::serialize(body));
  EXPECT_EQ(made.status, 201) << made;
  if (made.status != 201) return "";
  return std::string(parse_json(made.body)->at("version").at("id").as_string());
}

std::string Abuse::token_of(const std::string& maker, const std::string& scope,
                            const std::string& project) {
  boost::json::object body{{"name", scope}, {"scopes", boost::json::array{scope}}};
  if (!project.empty()) body["project"] = project;
  const Reply made = ask("POST", "/tokens", maker, boost::json::serialize(body));
  EXPECT_EQ(made.status, 201) << made;
  return std::string(parse_json(made.body)->at("token").as_string());
}

}  // namespace croft
