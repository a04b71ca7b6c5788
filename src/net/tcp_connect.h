// The connected socket that plain and TLS streams start from. Includes Asio: for their sources
// only.
#pragma once

#include <cstdint>
#include <string>

#include "net/stream_impl.h"

namespace croft::detail {

Task<Result<PlainSocket>> connect_socket(Runtime& runtime, std::string host, std::uint16_t port,
                                         Millis limit);

}  // namespace croft::detail
