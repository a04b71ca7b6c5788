// nftables through its program. Not through libnftables: that waits for the kernel with select(),
// and aborts in a process that holds more than 1,024 descriptors, as a core with as many instances
// does (docs/decisions/0002-network.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft {

// Runs a script as one transaction, in the network namespace of the calling process. The error's
// detail holds what nft said, with line numbers of the script.
Status run_nft(const std::string& script);

// Whether the table ("inet croft") exists.
Result<bool> nft_table_exists(const std::string& table);

// The output of a `list` command.
Result<std::string> nft_list(const std::string& command);

// The packets of counter `name` in the output of `list counters`; 0 when it is not there.
std::int64_t counted_packets(std::string_view listed, std::string_view name);

}  // namespace croft
