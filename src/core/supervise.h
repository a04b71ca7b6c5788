// `croft-core supervise`: PID 1 of the core container.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace croft {

// Runs the programs of a core, and each again 100 ms after it ends, so that the end of one ends
// neither the others nor the container, and with it the network namespace with rules, addresses and
// connections:
// - `argv`, croft-core itself. Each gets "--kept IN,OUT,ALIVE": the descriptors of a SocketShelf
//   (kept_sockets.h) that the next one finds as it was, and that of a pipe. One that writes nothing
//   to it for 10 s is killed: it may hang, while keepalived goes on and keeps the role.
// - keepalived and conntrackd, from when croft-core has written their files (plan/core_pair.h) into
//   `run_dir`. What an earlier life left there is removed first.
// Reaps orphans. At SIGTERM or SIGINT keepalived ends first, which gives the addresses to the
// partner at once; then the others have 5 s. Returns the exit code for main.
int supervise(std::vector<std::string> argv, const std::filesystem::path& run_dir);

}  // namespace croft
