// croft-keep [--resolver SOCKET] COMMAND [ARGUMENT...]: see keep.h, and relay.h for the resolver.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "keep/keep.h"
#include "keep/relay.h"

int main(int argc, char** argv) {
  const bool with_resolver = argc > 2 && std::string_view(argv[1]) == "--resolver";
  const int command = with_resolver ? 3 : 1;
  if (argc <= command) {
    std::fputs("usage: croft-keep [--resolver SOCKET] COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  std::function<void()> helper;
  if (with_resolver) {
    // Held here: what is asked while the resolver is started again waits.
    const int listener = croft::relay::listen_at(argv[2]);
    if (listener < 0) {
      std::fprintf(stderr, "croft-keep: cannot listen at %s: %s\n", argv[2], std::strerror(errno));
      return 1;
    }
    helper = [listener] { croft::relay::serve(listener, {}); };
  }
  return croft::keep({argv + command, argv + argc}, {}, helper);
}
