#include <cstdlib>

#include "api/openapi_text.h"
#include "api_world.h"
#include "base/json_codec.h"
#include "fuzz.h"
#include "net/http_connection.h"
#include "net/http_parser.h"
#include "net/url.h"

using namespace croft;
namespace json = boost::json;

namespace {

constexpr int kMaxRequests = 8;

// Statuses that the contract declares, by "GET /projects/{project}".
const std::map<std::string, std::vector<std::string>>& contract() {
  static const auto declared = [] {
    std::map<std::string, std::vector<std::string>> found;
    const auto document = parse_json(kOpenApiText);
    check(document.has_value(), "the contract is JSON");
    for (const auto& [path, item] : document->at("paths").as_object()) {
      for (const auto& [method, operation] : item.as_object()) {
        if (!operation.is_object() || !operation.as_object().contains("responses")) continue;
        std::string name(method);
        std::ranges::transform(name, name.begin(),
                               [](char c) { return static_cast<char>(c & ~0x20); });
        auto& statuses = found[name + " " + kApiPrefix + std::string(path)];
        for (const auto& [status, answer] : operation.at("responses").as_object()) {
          statuses.emplace_back(status);
        }
      }
    }
    return found;
  }();
  return declared;
}

const std::filesystem::path& home() {
  static const std::filesystem::path folder = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-fuzz-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "a folder for uploads");
    std::atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(home(), ignored);
    });
    return std::filesystem::path(pattern);
  }();
  return folder;
}

const catalog::Catalog& all_types() {
  static const auto kept = catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog");
  check(kept.has_value(), "the catalog loads");
  return *kept;
}

struct Call {
  std::string method, target, token, body;
};

// "METHOD TARGET WHO", then the body up to a line "---". $n stands for the n-th id of the answers.
Call next_call(fuzz::Choices& choices, const std::vector<std::string>& ids,
               const std::map<std::string, std::string>& tokens) {
  std::string text;
  while (!choices.empty()) {
    const std::string_view line = choices.line();
    if (line == "---") break;
    text += std::string(line) + "\n";
  }
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos; ++at) {
    if (at + 1 >= text.size() || text[at + 1] < '0' || text[at + 1] > '9') continue;
    const auto number = static_cast<std::size_t>(text[at + 1] - '0');
    if (number < ids.size()) text.replace(at, 2, ids[number]);
  }
  fuzz::Choices parts(text);
  fuzz::Choices head(parts.line());
  const auto word = [&head] {
    const std::string_view rest = head.rest();
    const std::string_view taken = rest.substr(0, rest.find(' '));
    head.bytes(taken.size() + 1);
    return std::string(taken);
  };
  Call call{.method = word(), .target = word(), .token = word(), .body = std::string(parts.rest())};
  if (const auto known = tokens.find(call.token); known != tokens.end()) call.token = known->second;
  return call;
}

Result<std::string> request_bytes(const Call& call) {
  HttpHeaders headers{{"Host", "croft"}, {"Content-Type", "application/json"}};
  if (!call.token.empty()) headers.add("Authorization", "Bearer " + call.token);
  headers.add("Content-Length", std::to_string(call.body.size()));
  auto head = format_request_head(call.method, call.target, headers);
  if (!head) return head;
  return *head + call.body;
}

void check_answer(const Router& router, const Call& call, HttpParser& answer,
                  const std::string& body, std::vector<std::string>& ids) {
  check(answer.status() != 500, "no request makes croft fail");
  const auto type = answer.headers().find("Content-Type").value_or("");
  const bool refused = answer.status() >= 400 && call.target.starts_with(kApiPrefix);
  check(!refused || type == "application/problem+json", "a refusal is a problem (RFC 9457)");
  if (type.find("json") != std::string::npos && !body.empty()) {
    const auto value = parse_json(body);
    check(value.has_value(), "an answer that says JSON is JSON");
    const auto* object = value->if_object();
    const auto* id = object != nullptr ? object->if_contains("id") : nullptr;
    if (id != nullptr && id->is_string()) ids.emplace_back(std::string_view(id->as_string()));
    if (refused) {
      check(object != nullptr && object->contains("title") && object->contains("detail"),
            "a problem says what is wrong");
    }
  }
  const std::string path = call.target.substr(0, call.target.find('?'));
  const RouteMatch match = router.match(call.method, percent_decode(path).value_or(""));
  if (match.route == nullptr) return;
  const auto declared = contract().find(match.route->method + " " + match.route->path);
  if (declared == contract().end()) return;
  check(std::ranges::count(declared->second, std::to_string(answer.status())) == 1,
        "the contract declares every status");
}

}  // namespace

// Requests to the API of croftd over a small world, up to 8 in a row. WHO: owner, reader, shop (a
// token for that project), stranger, or a token as it is.
FUZZ_TARGET(api) {
  Runtime runtime;
  ManualClock clock;
  SeededRandom random(1);
  fuzz::ApiWorld world(runtime, clock, random, all_types(), home());
  world.make_shop();
  const std::map<std::string, std::string> tokens{
      {"owner", world.token_of("ann", UserRole::kOwner, TokenScope::kAdmin)},
      {"reader", world.token_of("ann", UserRole::kOwner, TokenScope::kRead)},
      {"shop", world.token_of("ann", UserRole::kOwner, TokenScope::kWrite, "shop")},
      {"stranger", world.token_of("bob", UserRole::kMember, TokenScope::kAdmin)}};
  std::vector<std::string> ids;
  fuzz::Choices choices(input);
  for (int i = 0; i < kMaxRequests && !choices.empty(); ++i) {
    const Call call = next_call(choices, ids, tokens);
    // Answers that do not end by themselves.
    const std::string target = percent_decode(call.target).value_or("");
    if (target.find("/events") != std::string::npos ||
        target.find("follow=") != std::string::npos) {
      continue;
    }
    const auto bytes = request_bytes(call);
    if (!bytes) continue;
    std::string output = world.answer(*bytes);
    HttpParser answer(HttpParser::Role::kResponse, 64u << 10);
    if (call.method == "HEAD") answer.expect_no_body();
    check(answer.feed(output) && answer.feed(output) && answer.head_done(), "an answer is HTTP");
    check_answer(world.router(), call, answer, answer.take_body(), ids);
  }
}
