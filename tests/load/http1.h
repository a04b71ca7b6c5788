// One HTTP/1.1 exchange on a connection.
#pragma once

#include <string>

#include "link.h"
#include "net/http_parser.h"
#include "reply.h"
#include "stream_spec.h"

namespace croft::load {

// Which headers of an answer are kept; names in lower case.
struct AnswerHeaders {
  std::string version;
  std::string instance;
};

void note_headers(const HttpHeaders& headers, const AnswerHeaders& names, Reply& reply);

// Sends a request head with `fields` besides Host, and `body`; reads until the head of the answer
// is there. What follows it stays in `input`. `sent` as in Reply.
Task<Fault> open_exchange(Link& link, const Target& target, const Request& request,
                          const HttpHeaders& fields, HttpParser& parser, std::string* input,
                          bool* sent);

// Fills `reply`; the link's deadline bounds it. What is named must outlive the call.
Task<void> exchange_http1(Link& link, const Target& target, const Request& request,
                          const AnswerHeaders& names, Reply& reply);

}  // namespace croft::load
