// Reads EdgeSettings as JSON on standard input and prints the Caddy configuration.
#include <iostream>
#include <iterator>

#include "plan/edge_config.h"

int main() {
  const std::string text((std::istreambuf_iterator<char>(std::cin)), {});
  const auto settings = croft::from_json_text<croft::EdgeSettings>(text);
  const auto config = settings.and_then(croft::render_edge_config);
  if (!config) {
    std::cerr << config.error().describe() << "\n";
    return 1;
  }
  std::cout << *config << "\n";
  return 0;
}
