#include <cstdlib>
#include <filesystem>

#include "api_world.h"
#include "app/auth/password.h"
#include "fuzz.h"
#include "model/user.h"
#include "net/http_connection.h"
#include "net/http_parser.h"

using namespace croft;

namespace {

// One croftd for all inputs: asking who one is changes nothing but when a token was last used.
struct World {
  World()
      : types(*catalog::Catalog::from({})),
        api(runtime, clock, random, types, std::filesystem::temp_directory_path()),
        token(api.token_of("ann", UserRole::kOwner, TokenScope::kAdmin)) {}

  Runtime runtime;
  ManualClock clock;
  SeededRandom random{1};
  catalog::Catalog types;
  fuzz::ApiWorld api;
  std::string token;
};

std::string with_token(std::string_view input, const std::string& token) {
  std::string text(input);
  // Once: what stands for the token is longer than what it replaces.
  if (const auto at = text.find('$'); at != std::string::npos) text.replace(at, 1, token);
  return text;
}

// As RFC 6750, 2.1 and RFC 9110, 5.5 have it.
bool names_token(std::string_view header, std::string_view token) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!header.empty() && blank(header.front())) header.remove_prefix(1);
  while (!header.empty() && blank(header.back())) header.remove_suffix(1);
  return header.size() > 7 && equals_ignoring_case(header.substr(0, 7), "Bearer ") &&
         header.substr(7) == token;
}

void check_hint(std::string_view text) {
  const std::string hint = token_hint(Secret(std::string(text)));
  check(hint.size() <= std::string_view(kTokenPrefix).size() + 4 && text.starts_with(hint),
        "a hint is the beginning of a token, and short");
}

}  // namespace

// What a client says in its header Authorization; a $ stands for the one token that is good.
FUZZ_TARGET(tokens) {
  static World world;
  check_hint(input);
  world.clock.advance(Millis(1));  // what is asked too often is refused whatever it says
  const std::string header = with_token(input, world.token);
  const auto head =
      format_request_head("GET", "/api/v1/whoami", {{"Host", "croft"}, {"Authorization", header}});
  if (!head) return fuzz::expect_told(head.error());
  const std::string output = world.api.answer(*head);
  HttpParser answer(HttpParser::Role::kResponse, 64u << 10);
  std::string rest = output;
  check(answer.feed(rest) && answer.feed(rest) && answer.message_done(), "an answer is HTTP");
  check(output.find(world.token) == std::string::npos, "an answer does not repeat the token");
  if (header.size() > 4096 && answer.status() == 431) return;
  const bool good = names_token(header, world.token);
  check(answer.status() == (good ? 200 : 401), "only the token itself lets in");
  check(good || answer.headers().find("WWW-Authenticate"), "a refusal says how to log in");
}
