#include "fuzz.h"
#include "init/http_head.h"
#include "net/http_parser.h"

using namespace croft;

namespace {

struct Message {
  bool broken = false;
  bool head = false;
  bool done = false;
  std::string method, target, body, rest;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  bool operator==(const Message&) const = default;
};

constexpr std::size_t kMaxHead = 4096;

Message read_message(HttpParser::Role role, std::string_view data, std::size_t piece) {
  HttpParser parser(role, kMaxHead);
  Message message;
  std::string input;
  for (std::size_t at = 0; at < data.size() && !message.broken; at += piece) {
    input += data.substr(at, piece);
    // Once for the head, once for what follows.
    message.broken = !parser.feed(input) || !parser.feed(input);
    message.body += parser.take_body();
    if (parser.message_done()) {
      message.rest = input + std::string(data.substr(std::min(at + piece, data.size())));
      break;
    }
  }
  message.head = parser.head_done();
  message.done = parser.message_done();
  if (message.head) {
    message.method = parser.method();
    message.target = parser.target();
    message.status = parser.status();
    message.fields = parser.headers().all();
  }
  return message;
}

void check_request(const Message& request) {
  bool length = false;
  bool coding = false;
  for (const auto& [name, value] : request.fields) {
    length = length || equals_ignoring_case(name, "Content-Length");
    coding = coding || equals_ignoring_case(name, "Transfer-Encoding");
    check(value.find_first_of("\r\n") == std::string::npos, "a field is one line");
  }
  check(!(length && coding), "no request says its length in two ways");
  HttpHeaders headers;
  for (const auto& [name, value] : request.fields) headers.add(name, value);
  const auto head = format_request_head(request.method, request.target, headers);
  if (!head) return;
  const Message again = read_message(HttpParser::Role::kRequest, *head, head->size());
  check(again.broken || (again.method == request.method && again.target == request.target &&
                         again.fields == request.fields),
        "a head that is sent reads as the same");
}

}  // namespace

// HTTP/1.1 messages. First byte: size of the pieces they come in; lowest bit: request or response.
FUZZ_TARGET(http_messages) {
  fuzz::Choices choices(input);
  const std::size_t piece = 1 + choices.byte() / 2;
  const bool request = input.empty() || (static_cast<unsigned char>(input[0]) & 1) == 0;
  const auto role = request ? HttpParser::Role::kRequest : HttpParser::Role::kResponse;
  const std::string_view data = choices.rest();
  const Message whole = read_message(role, data, std::max<std::size_t>(data.size(), 1));
  const Message pieces = read_message(role, data, piece);
  if (!whole.broken && !pieces.broken) {
    check(whole == pieces, "a message does not depend on how it was cut");
  }
  check(!whole.done || !pieces.broken, "what is whole is whole in pieces too");
  if (request && whole.head && !whole.broken) check_request(whole);

  // What croft-init's probes read of the same bytes.
  init::ResponseHead head;
  const auto state = init::parse_response_head(data, head);
  check(state != init::HeadState::kComplete || (head.status >= 200 && head.status <= 599),
        "a final answer has a status");
  const auto target = init::follow_redirect({.port = 80, .path = "/a/b"}, data);
  if (!target) return;
  check(target->port != 0 && target->path.starts_with('/'), "a redirect leads to a path here");
  const std::string sent = init::request_head(*target);
  check(std::count(sent.begin(), sent.end(), '\n') == 6, "a redirect adds no lines to a request");
}
