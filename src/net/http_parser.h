// One HTTP/1.1 message, fed piece by piece: a pure parser over Beast's, safe on hostile input.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"

namespace croft {

class HttpParser {
 public:
  enum class Role { kRequest, kResponse };
  // `max_header_bytes` counts the start line and all fields; more fails with kTooLarge.
  HttpParser(Role role, std::size_t max_header_bytes);
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;
  ~HttpParser();

  // Consumes from the front of `input` up to the end of the head (while it is incomplete), after
  // that up to the end of the message. kInvalid when it is not HTTP. What stays in `input` belongs
  // to the next message, or waits for more.
  Status feed(std::string& input);
  // The peer has finished writing. kUnavailable when that cuts the message.
  Status end_of_input();
  // Response to HEAD, or to an upgrade: it has no body whatever the head says. Call before feed().
  void expect_no_body();

  bool head_done() const;
  bool message_done() const;
  bool got_any() const;  // at least one byte was consumed
  // Body bytes since the last call.
  std::string take_body();

  // From here on: valid once head_done().
  const std::string& method() const;
  const std::string& target() const;
  int status() const;
  const HttpHeaders& headers() const;
  bool keep_alive() const;
  bool http_1_0() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Start line and fields, ready to be sent, with the empty line. kInvalid when a part holds
// characters that would change the message's meaning (RFC 9110 §5.1, §5.5).
Result<std::string> format_request_head(const std::string& method, const std::string& target,
                                        const HttpHeaders& headers);
Result<std::string> format_response_head(int status, const HttpHeaders& headers);

// One chunk of a chunked body; the last one for empty data.
std::string format_chunk(const std::string& data);

}  // namespace croft
