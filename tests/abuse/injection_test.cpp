// A1, A2, A3, A6: what is meant for a shell, a path or a fetcher, in every string that the contract
// knows; new routes and fields are covered by being in it.
#include <fmt/format.h>

#include "abuse_fixture.h"

#include "base/file.h"

namespace croft {
namespace {

namespace json = boost::json;

// JSON pointers of the strings in a value.
void strings_of(const json::value& value, const std::string& at, std::vector<std::string>& found) {
  if (value.is_string()) found.push_back(at);
  if (value.is_object()) {
    for (const auto& [key, item] : value.as_object()) {
      strings_of(item, at + "/" + std::string(key), found);
    }
  }
  if (value.is_array() && !value.as_array().empty()) {
    strings_of(value.at(0), at + "/0", found);
  }
}

std::string percent(const std::string& text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

class Injection : public Abuse {
 protected:
  Injection() {
    on_server([this] { context_.rates.per_token = 1'000'000; });  // time stands still here
    marker_ = (directory_ / "marker").string();
    const std::string touch = "touch " + marker_;
    payloads_ = {";" + touch,
                 "$(" + touch + ")",
                 "`" + touch + "`",
                 "a\n" + touch,
                 "a\r\nX-Injected: 1",
                 std::string("a\0b", 3),
                 "main;" + touch,
                 "--upload-pack=" + touch,
                 "-oProxyCommand=" + touch,
                 "ext::sh -c " + touch,
                 "file://" + marker_,
                 "../../../../" + marker_,
                 "..\\..\\marker",
                 "http://127.0.0.1:" + trap_.port() + "/x",
                 "git+http://[::ffff:127.0.0.1]:" + trap_.port() + "/x.git",
                 "http://2130706433:" + trap_.port() + "/",
                 "' OR 1=1; DROP TABLE users; --",
                 "\x1b]0;title\x07\x1b[2J",
                 "\xE2\x80\xAEnwod",
                 "<script>alert(1)</script>",
                 "%s%n{0}${x}{{7*7}}"};
  }
  ~Injection() override {
    EXPECT_FALSE(std::filesystem::exists(marker_)) << "something ran a command";
    EXPECT_EQ(trap_.visits(), 0) << "something fetched a URL";
  }

  // The answer is a refusal with a reason, or the text was taken for what it is.
  void expect_harmless(const Reply& reply, const std::string& what) {
    EXPECT_GE(reply.status, 200) << what << "\n" << reply;
    EXPECT_LT(reply.status, 500) << what << "\n" << reply;
    EXPECT_EQ(reply.head.find("X-Injected"), std::string::npos) << what << "\n" << reply;
    if (reply.status < 400) return;
    ++refused_;
    // What the HTTP parser refuses never came to a route.
    if (reply.head.find("text/plain") != std::string::npos && reply.status == 400) return;
    EXPECT_NE(reply.head.find("application/problem+json"), std::string::npos) << what << "\n"
                                                                              << reply;
  }
  // `path` of the contract with the attacker's own names, and `payload` for the parameter `name`.
  static std::string filled(const std::string& path, const std::string& name,
                            const std::string& payload) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (path[i] != '{') {
        out += path[i];
        continue;
      }
      const std::size_t end = path.find('}', i);
      const std::string parameter = path.substr(i + 1, end - i - 1);
      out += parameter == name        ? payload
             : parameter == "project" ? "den"
             : parameter == "service" ? "pit"
                                      : "1";
      i = end;
    }
    return out;
  }
  template <class F>
  void each_operation(F use) {
    for (const auto& [path, item] : contract_.at("paths").as_object()) {
      for (const auto& [method, operation] : item.as_object()) {
        if (method == "parameters" || path == "/logout" || path == "/events") continue;
        std::string upper(method);
        for (char& c : upper) c = static_cast<char>(std::toupper(c));
        use(std::string(path), upper, operation.as_object());
      }
    }
  }

  Trap trap_;
  std::string marker_;
  std::vector<std::string> payloads_;
  int refused_ = 0;
};

TEST_F(Injection, A1AndA2EveryStringOfEveryBody) {
  int tried = 0;
  each_operation([&](const std::string& path, const std::string& method, const json::object& op) {
    const json::value* body = op.if_contains("requestBody");
    if (body == nullptr || path == "/login" || path == "/setup") return;  // login_test.cpp
    const json::value* form = body->at("content").as_object().if_contains("application/json");
    if (form == nullptr) return;
    const json::value whole = sample(contract_, form->at("schema").as_object());
    std::vector<std::string> places;
    strings_of(whole, "", places);
    for (const std::string& place : places) {
      for (const std::string& payload : payloads_) {
        json::value sent = whole;
        boost::system::error_code missing;
        *sent.find_pointer(place, missing) = payload;
        const std::string target = filled(path, "", "");
        expect_harmless(attack(method, target, json::serialize(sent)),
                        method + " " + target + " " + place + " " + payload);
        ++tried;
      }
    }
  });
  EXPECT_GT(tried, 300);
  EXPECT_GT(refused_, tried / 2);
}

TEST_F(Injection, A2AndA3EveryParameterOfEveryPath) {
  int tried = 0;
  payloads_.insert(payloads_.end(), {"..", ".", "../shop", "..;/shop", "%2e%2e", "..%00"});
  each_operation([&](const std::string& path, const std::string& method, const json::object&) {
    for (std::size_t i = path.find('{'); i != std::string::npos; i = path.find('{', i + 1)) {
      const std::string name = path.substr(i + 1, path.find('}', i) - i - 1);
      for (const std::string& payload : payloads_) {
        const std::string target = filled(path, name, percent(payload));
        const Reply reply = attack(method, target);
        expect_harmless(reply, method + " " + target);
        EXPECT_NE(reply.status, 201) << target;
        ++tried;
      }
    }
  });
  EXPECT_GT(tried, 500);
}

TEST_F(Injection, A2EveryParameterOfEveryQueryAndHeader) {
  int tried = 0;
  each_operation([&](const std::string& path, const std::string& method, const json::object& op) {
    const json::value* parameters = op.if_contains("parameters");
    if (parameters == nullptr || method == "DELETE") return;  // there must be a den to attack
    const std::string plain = filled(path, "", "");
    for (const json::value& one : parameters->as_array()) {
      const json::object& parameter = resolved(contract_, one.as_object(), "parameters");
      const std::string name(parameter.at("name").as_string());
      const bool header = parameter.at("in") == "header";
      const bool query = parameter.at("in") == "query" && method == "GET" && name != "follow";
      if (!header && !query) continue;
      for (const std::string& payload : payloads_) {
        const std::string target = query ? plain + "?" + name + "=" + percent(payload) : plain;
        const std::string line = header ? name + ": " + payload + "\r\n" : "";
        // A line end in a header makes another header, which is the sender's right.
        if (header && payload.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
          continue;
        }
        expect_harmless(ask(method, target, mallory_, "", line), method + " " + target + line);
        ++tried;
      }
    }
  });
  EXPECT_GT(tried, 1000);
}

// Encoded or not, nothing leads out of the tree of routes, and none of it becomes a file's name.
TEST_F(Injection, A3PathsThatLeadElsewhere) {
  const auto before = files();
  for (const char* target :
       {"/api/v1/projects/../../../../etc/passwd", "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/projects/den%2f..%2fshop", "/api/v1/projects/den/..%5c..%5cshop",
        "/api/v1/projects/den%00shop", "//etc/passwd", "/api/v1/projects/./shop", "/%",
        "/api/v1/projects/%c0%ae%c0%ae/shop", "/api/v1/projects/den/services/pit/../../../shop",
        "http://127.0.0.1/etc/passwd", "*", "/..", "/../../state/master.key"}) {
    const std::string answer =
        raw(std::string("GET ") + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
            "Authorization: Bearer " + mallory_ + "\r\n\r\n");
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 40")) << target;
    EXPECT_EQ(answer.find("root:x:"), std::string::npos) << target;
    EXPECT_EQ(answer.find("\"shop\""), std::string::npos) << target;
  }
  EXPECT_EQ(files(), before);
}

TEST_F(Injection, A1AndA6ARepositoryInAFileIsNotFetched) {
  for (const std::string& url : payloads_) {
    const json::value yaml{
        {"yaml", "services:\n  - hostname: fetched\n    type: nodejs@22\n    buildFromGit: " +
                     json::serialize(json::value(url)) + "\n"},
        {"project", "den"}};
    const Reply reply = attack("POST", "/import", json::serialize(yaml));
    expect_harmless(reply, url);
    if (reply.status < 300) {
      // Without git sources the key has no effect, which croft says.
      EXPECT_NE(reply.body.find("buildFromGit"), std::string::npos) << reply;
      attack("DELETE", "/projects/den/services/fetched");
    }
  }
}

}  // namespace
}  // namespace croft
