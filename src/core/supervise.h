// `croft-core supervise`: PID 1 of the core container.
#pragma once

#include <string>
#include <vector>

namespace croft {

// Runs `argv` and runs it again 100 ms after it ends, so that its end does not end the container
// and with it the network namespace with rules, addresses and connections. Each gets "--shelf
// IN,OUT": the descriptors of a SocketShelf (kept_sockets.h) that the next one finds as it was.
// Reaps orphans. SIGTERM and SIGINT are passed on; then the child has 5 s. Returns the exit code
// for main.
int supervise(std::vector<std::string> argv);

}  // namespace croft
