#include "base/ip.h"
#include "fuzz.h"
#include "net/url.h"

using namespace croft;

FUZZ_TARGET(urls) {
  check(percent_decode(percent_encode(input)) == std::string(input) ||
            input.find('\0') != std::string_view::npos,
        "what is percent-encoded decodes to the same");
  if (const auto query = Query::parse(input)) {
    const auto again = Query::parse(query->encode());
    // Only an escaped NUL is refused; the HTTP parser refuses a raw one.
    const bool raw_nul = input.find('\0') != std::string_view::npos;
    check(raw_nul || (again && again->all() == query->all()),
          "a query that is written reads back the same");
  }
  if (const auto url = Url::parse(input)) {
    check(!url->host.empty() && url->port != 0, "a URL has a host and a port");
    check(url->path.starts_with('/'), "a URL's path starts with a slash");
    for (const char c : url->host + url->path + url->query) {
      check(c > ' ' && c != 0x7f, "no part of a URL holds blanks or control characters");
    }
  } else {
    fuzz::expect_told(url.error());
  }
  if (const auto address = IpAddress::parse(input)) {
    check(IpAddress::parse(address->str()) == address, "an address reads back the same");
  }
  if (const auto prefix = IpPrefix::parse(input)) {
    check(IpPrefix::parse(prefix->str()) == prefix, "a prefix reads back the same");
    check(prefix->contains(prefix->address()), "a prefix holds its own address");
  }
}
