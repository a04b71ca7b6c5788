// Prints the nginx rules of one redirect: render_site_rules FROM TO [STATUS].
#include <iostream>

#include "plan/site_rules.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  croft::spec::Redirect redirect{.from = argv[1], .to = argv[2]};
  if (argc > 3) redirect.status = std::stoi(argv[3]);
  croft::spec::Routing routing;
  routing.redirects.push_back(std::move(redirect));
  const auto rules = croft::nginx_rules(routing);
  if (!rules) {
    std::cerr << rules.error().describe() << "\n";
    return 1;
  }
  std::cout << *rules;
  return 0;
}
