// Prints the nginx rules of one redirect, and of headers: render_site_rules FROM TO [STATUS [PATH
// NAME VALUE]…].
#include <iostream>

#include "plan/site_rules.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  croft::spec::Redirect redirect{.from = argv[1], .to = argv[2]};
  if (argc > 3 && *argv[3] != '\0') redirect.status = std::stoi(argv[3]);
  croft::spec::Routing routing;
  routing.redirects.push_back(std::move(redirect));
  for (int i = 4; i + 2 < argc; i += 3) {
    routing.headers.push_back({.for_path = argv[i], .values = {{argv[i + 1], argv[i + 2]}}});
  }
  const auto rules = croft::nginx_rules(routing);
  if (!rules) {
    std::cerr << rules.error().describe() << "\n";
    return 1;
  }
  std::cout << *rules;
  return 0;
}
