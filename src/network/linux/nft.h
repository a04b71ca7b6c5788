// nftables through libnftables.
#pragma once

#include <string>

#include "base/result.h"

namespace croft {

// Runs a script as one transaction, in the network namespace of the calling thread. The error's
// detail holds what libnftables said, with line numbers of the script.
Status run_nft(const std::string& script);

// Whether the table ("inet croft") exists.
Result<bool> nft_table_exists(const std::string& table);

// The output of a `list` command.
Result<std::string> nft_list(const std::string& command);

}  // namespace croft
