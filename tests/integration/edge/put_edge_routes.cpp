// put_edge_routes DIRECTORY: reads lists of EdgeRoute as JSON, one a line, and puts each in place
// as the node's agent does, in one life like it; answers "ok" or the reason, one line each.
#include <iostream>
#include <string>

#include "base/json_codec.h"
#include "node/edge_routes_dir.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  croft::node::EdgeRoutesDir directory(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    const auto routes = croft::from_json_text<std::vector<croft::EdgeRoute>>(line);
    const croft::Status done =
        routes.and_then([&](const auto& list) { return directory.apply(list, false); });
    std::cout << (done ? "ok" : done.error().describe()) << std::endl;
  }
  return 0;
}
