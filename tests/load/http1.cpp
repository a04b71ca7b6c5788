#include "http1.h"

namespace croft::load {
namespace {

Fault protocol_fault(const Error& error) {
  return {error.code() == ErrorCode::kUnavailable ? "closed" : "protocol", error.message()};
}

}  // namespace

void note_headers(const HttpHeaders& headers, const AnswerHeaders& names, Reply& reply) {
  reply.version = headers.find(names.version).value_or("");
  reply.instance = headers.find(names.instance).value_or("");
  reply.checksum = headers.find("x-checksum").value_or("");
}

Task<Fault> open_exchange(Link& link, const Target& target, const Request& request,
                          const HttpHeaders& fields, HttpParser& parser, std::string* input,
                          bool* sent) {
  HttpHeaders all{{"Host", target.authority}};
  for (const auto& [name, value] : fields.all()) all.add(name, value);
  if (request.method == "POST") {
    all.add("Content-Type", "application/octet-stream");
    all.add("Content-Length", std::to_string(request.body.size()));
  }
  auto head = format_request_head(request.method, target.path, all);
  if (!head) co_return Fault{"usage", head.error().message()};
  Fault fault = co_await link.write(*head + request.body, sent);
  // A server may answer and close before it has read everything: what it said counts.
  while (!parser.head_done()) {
    if (Fault broken = co_await link.read(input)) {
      if (fault) co_return fault;
      co_return broken;
    }
    if (const Status fed = parser.feed(*input); !fed) co_return protocol_fault(fed.error());
  }
  co_return Fault{};
}

Task<void> exchange_http1(Link& link, const Target& target, const Request& request,
                          const AnswerHeaders& names, Reply& reply) {
  HttpParser parser(HttpParser::Role::kResponse, 64u << 10);
  std::string input;
  const HttpHeaders fields{{"User-Agent", "croft-load"}};
  reply.fault = co_await open_exchange(link, target, request, fields, parser, &input, &reply.sent);
  if (reply.fault) co_return;
  reply.status = parser.status();
  note_headers(parser.headers(), names, reply);
  for (;;) {
    if (const Status fed = parser.feed(input); !fed) {
      reply.fault = protocol_fault(fed.error());
      co_return;
    }
    reply.body.append(parser.take_body());
    if (parser.message_done()) break;
    Fault broken = co_await link.read(&input);
    if (!broken) continue;
    // An answer without a length ends with the connection.
    if (broken.kind == "closed" && parser.end_of_input()) break;
    reply.fault = std::move(broken);
    co_return;
  }
  reply.body.append(parser.take_body());
  reply.complete = true;
  reply.reusable = parser.keep_alive() && input.empty();
}

}  // namespace croft::load
